using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Engine.Tests.Evaluation;

/// <summary>
/// One case of Cases/*.json. Everything has a default, so that a case shows only what it is about: it is noon on a Monday, Alice
/// connects to the ssh socket "bastion"; service PSVC uses escalation policy PEP, nobody is on call, no incident is open, facts are
/// three seconds old; a policy is organization-wide and grants ssh:*.
/// </summary>
internal sealed class EvaluationCase(JsonObject source)
{
    private static readonly IntegrationKey Integration = new("default", "pd");

    public string Name => source["name"]!.GetValue<string>();

    public JsonObject Want => source["want"]!.AsObject();

    public DateTimeOffset At { get; } = DateTimeOffset.Parse(source["at"]?.GetValue<string>() ?? "2026-06-15T12:00:00Z", CultureInfo.InvariantCulture);

    public EvaluationPurpose Purpose =>
        source["purpose"]?.GetValue<string>() == "running" ? EvaluationPurpose.RunningSession : EvaluationPurpose.NewConnection;

    public DateTimeOffset? Opened => source["opened"] is { } opened ? DateTimeOffset.Parse(opened.GetValue<string>(), CultureInfo.InvariantCulture) : null;

    private static readonly Lazy<ILookup<(string Topic, string Name), string>> Texts = new(() => (
        from file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Evaluation", "Cases"), "*.json").Order(StringComparer.Ordinal)
        from node in JsonNode.Parse(File.ReadAllText(file))!.AsArray()
        select (Topic: Path.GetFileNameWithoutExtension(file), Name: node["name"]!.GetValue<string>(), Text: node.ToJsonString()))
        .ToLookup(c => (c.Topic, c.Name), c => c.Text));

    /// <summary>Every case's file and name.</summary>
    public static IEnumerable<(string Topic, string Name)> All() => Texts.Value.SelectMany(c => c.Select(_ => c.Key));

    /// <summary>One case.</summary>
    public static EvaluationCase Of(string topic, string name) => new(JsonNode.Parse(Texts.Value[(topic, name)].Single())!.AsObject());

    /// <summary>"13:00" on the day of the case, or a whole instant.</summary>
    public DateTimeOffset Instant(string text) => text.Contains('T', StringComparison.Ordinal)
        ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture)
        : new DateTimeOffset(At.UtcDateTime.Date, TimeSpan.Zero) + TimeSpan.Parse(text, CultureInfo.InvariantCulture);

    public PolicySnapshot Policies()
    {
        var catalog = new PolicyCatalog();
        catalog.Replace(
            [.. source["policies"]!.AsArray().Select(p => Policy(p!.DeepClone().AsObject()))],
            [new IntegrationSettings(Integration, "pd", TimeSpan.FromSeconds(60), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30))]);
        return catalog.Current;
    }

    public AccessRequest Request()
    {
        var r = source["request"]?.AsObject() ?? [];
        var serviceAccount = Text(r, "service_account");
        var address = r["ip"] is { } ip ? IPAddress.Parse(ip.GetValue<string>()) : null;
        return new AccessRequest
        {
            OrganizationId = "default",
            SocketId = "bastion",
            SocketType = r["type"]?.GetValue<string>().ToLowerInvariant() ?? "ssh",
            UserEmail = serviceAccount.Length > 0 ? "" : r["user"]?.GetValue<string>() ?? "alice@example.com",
            ServiceAccount = serviceAccount,
            Groups = r["groups"]?.AsArray().Select(g => g!.GetValue<string>()).ToList(),
            ClientAddress = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address,
            ClientCountry = Text(r, "country").ToUpperInvariant(),
            SocketTags = r["tags"]?.AsObject().ToDictionary(t => t.Key, t => t.Value!.GetValue<string>()),
        };
    }

    public FactsSnapshot Facts()
    {
        var facts = source["facts"]?.AsObject() ?? [];
        var services = Entries(facts, "services", "PSVC");
        var update = new FactsUpdate
        {
            Unauthorized = facts["unauthorized"]?.GetValue<bool>(),
            Services = [.. services.Select(s => new ServiceFacts
            {
                Id = s.Id,
                Exists = s.Value["exists"]?.GetValue<bool>() ?? true,
                Name = "Payments",
                Status = Text(s.Value, "status"),
                EscalationPolicyId = s.Value.ContainsKey("policy") ? s.Value["policy"]?.GetValue<string>() : "PEP",
                AsOf = AsOf(s.Value),
            })],
            Incidents = [.. Entries(facts, "incidents", "PSVC").Select(i => new IncidentFacts
            {
                ServiceId = i.Id,
                AsOf = AsOf(i.Value),
                ChangedAt = i.Value["changed"] is { } changed ? Instant(changed.GetValue<string>()) : null,
                Open = [.. (i.Value["open"]?.AsArray() ?? []).Select(o => Incident(o!.AsObject()))],
            })],
            EscalationPolicies = [.. Entries(facts, "on_call", "PEP").Select(p => new EscalationPolicyFacts
            {
                Id = p.Id,
                Name = "Payments EP",
                AsOf = AsOf(p.Value),
                KnownUntil = p.Value["known_until"] is { } known ? Instant(known.GetValue<string>()) : At.AddHours(12),
                Shifts = [.. (p.Value["shifts"]?.AsArray() ?? []).Select(s => Shift(s!.GetValue<string>()))],
            })],
        };
        var store = new FactsStore();
        store.Apply(Integration, update);
        return store.Current;
    }

    /// <summary>What is given, and the default where it is not; null says that nothing is known.</summary>
    private static IEnumerable<(string Id, JsonObject Value)> Entries(JsonObject facts, string kind, string usual)
    {
        var given = facts[kind]?.AsObject() ?? [];
        if (!given.ContainsKey(usual))
        {
            yield return (usual, []);
        }

        foreach (var (id, value) in given)
        {
            if (value is not null)
            {
                yield return (id, value.AsObject());
            }
        }
    }

    private static Policy Policy(JsonObject p)
    {
        var conditions = p["pagerduty"]?.AsArray();
        p.Remove("pagerduty");
        p.TryAdd("org_wide", true);
        p.TryAdd("organization_id", "default");
        p.TryAdd("actions", JsonNode.Parse("""{"ssh": {"values": ["*"]}}"""));
        var policy = JsonParser.Default.Parse<Policy>(p.ToJsonString());
        foreach (var c in (conditions ?? []).Select(c => c!.AsObject()))
        {
            var condition = new PagerDutyOnCallCondition
            {
                ServiceId = c["service"]?.GetValue<string>() ?? "PSVC",
                RequireBeOncall = c["on_call"]?.GetValue<bool>() ?? false,
                RequireIncident = c["incident"]?.GetValue<bool>() ?? false,
                MaxEscalationLevel = c["level"]?.GetValue<int>() ?? 0,
                IncidentInvolvement = Enum.Parse<IncidentInvolvement>(c["involvement"]?.GetValue<string>() ?? "Unspecified", ignoreCase: true),
            };
            condition.ScheduleIds.Add((c["schedules"]?.AsArray() ?? []).Select(s => s!.GetValue<string>()));
            policy.Integrations.Add(new IntegrationCondition
            {
                IntegrationName = c["integration"]?.GetValue<string>() ?? "pd",
                PagerdutyOncall = condition,
                Mode = Enum.Parse<ConditionMode>(c["mode"]?.GetValue<string>() ?? "Unspecified", ignoreCase: true),
            });
        }

        return policy;
    }

    private static OpenIncident Incident(JsonObject o) => new()
    {
        Id = Text(o, "id"),
        Number = o["number"]?.GetValue<int>() ?? 7,
        Title = Text(o, "title"),
        Acknowledged = o["acknowledged"]?.GetValue<bool>() ?? false,
        Assignees = [.. Users(o, "assignees")],
        Acknowledgers = [.. Users(o, "acknowledgers")],
    };

    private static IEnumerable<PagerDutyUser> Users(JsonObject o, string name) =>
        (o[name]?.AsArray() ?? []).Select(u => new PagerDutyUser("U" + u, "", u!.GetValue<string>().ToLowerInvariant()));

    private static string Text(JsonObject o, string name) => o[name]?.GetValue<string>() ?? "";

    /// <summary>"alice@example.com 1 S1 10:00 14:00": who, level, schedule, start, end; "-" for none.</summary>
    private OnCallShift Shift(string text)
    {
        var parts = text.Split(' ');
        return new OnCallShift(
            new PagerDutyUser("U" + parts[0], "", parts[0] == "-" ? "" : parts[0]),
            int.Parse(parts[1], CultureInfo.InvariantCulture),
            parts[2] == "-" ? null : parts[2],
            parts[3] == "-" ? null : Instant(parts[3]),
            parts[4] == "-" ? null : Instant(parts[4]));
    }

    private DateTimeOffset AsOf(JsonObject entry) => At - TimeSpan.FromSeconds(entry["age"]?.GetValue<double>() ?? 3);
}
