using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>
/// A sidecar without its edges: the real facts, policies, journal and sessions under a clock that stands still until it is moved.
/// What PagerDuty "says" is changed freely and becomes known by <see cref="Publish"/>.
/// </summary>
internal sealed class World : IDisposable
{
    public const string Organization = "acme";
    public const string Connector = "c1";
    public const string Alice = "alice@example.com";
    public const string Bob = "bob@example.com";

    public static readonly DateTimeOffset Start = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    public static readonly IntegrationKey Integration = new(Organization, "pd");

    public static readonly IntegrationSettings Settings = new(
        Integration, "pd", TimeSpan.FromSeconds(60), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30));

    private readonly Dictionary<string, Policy> _policies = [];
    private int _etag;

    public World(SessionOptions? options = null, ISessionJournal? journal = null)
    {
        Options = options ?? new SessionOptions();
        Journal = journal ?? new MemorySessionJournal();
        Sessions = Make();
        Sessions.StartAsync(ToRequest, CancellationToken.None).GetAwaiter().GetResult();
    }

    public FakeTimeProvider Time { get; } = new(Start);

    public DateTimeOffset Now => Time.GetUtcNow();

    public SessionOptions Options { get; set; }

    public ISessionJournal Journal { get; set; }

    public FactsStore Facts { get; private set; } = new();

    public PolicyCatalog Catalog { get; private set; } = new();

    public SessionRegistry Sessions { get; private set; }

    /// <summary>The integrations that exist.</summary>
    public List<IntegrationSettings> Integrations { get; } = [Settings];

    /// <summary>Open incidents by service.</summary>
    public Dictionary<string, HashSet<string>> Incidents { get; } = new() { ["S1"] = [], ["S2"] = [] };

    /// <summary>Shifts by service; the service's escalation policy is named "EP-" and its id.</summary>
    public Dictionary<string, List<OnCallShift>> Shifts { get; } = new() { ["S1"] = [], ["S2"] = [] };

    public static OnCallShift Shift(string email, DateTimeOffset? start, DateTimeOffset? end, int level = 1) =>
        new(new PagerDutyUser("U-" + email, email, email), level, "SCHED", start, end);

    public static AccessRequest Request(
        string user = Alice, string socket = "db-1", string type = "database", string[]? groups = null, Dictionary<string, string>? tags = null) => new()
        {
            OrganizationId = Organization,
            SocketId = socket,
            SocketType = type,
            UserEmail = user,
            ServiceAccount = "",
            Groups = groups,
            ClientCountry = "",
            SocketTags = tags,
        };

    /// <summary>A policy on socket db-1 that grants "read" and requires what is named of a service.</summary>
    public static Policy Rule(
        string name, string? incidentOf = null, string? onCallFor = null, string action = "read", string socket = "db-1", Action<Policy>? also = null)
    {
        var policy = new Policy
        {
            OrganizationId = Organization,
            Name = name,
            SocketIds = { socket },
            Actions = { ["database"] = new ActionList { Values = { action } } },
            Condition = new Condition(),
        };
        if (incidentOf is not null || onCallFor is not null)
        {
            policy.Integrations.Add(new IntegrationCondition
            {
                IntegrationName = "pd",
                PagerdutyOncall = new PagerDutyOnCallCondition
                {
                    ServiceId = incidentOf ?? onCallFor,
                    RequireIncident = incidentOf is not null,
                    RequireBeOncall = onCallFor is not null,
                },
            });
        }

        also?.Invoke(policy);
        return policy;
    }

    /// <summary>Puts policies in, replacing those of the same name.</summary>
    public void Put(params Policy[] policies)
    {
        foreach (var policy in policies)
        {
            policy.Etag = $"e{++_etag}";
            _policies[policy.Name] = policy;
        }

        Replace();
    }

    public void Remove(string policy)
    {
        _policies.Remove(policy);
        Replace();
    }

    public void Replace() => Catalog.Replace([.. _policies.Values], Integrations);

    /// <summary>Makes all that PagerDuty says known, as of now.</summary>
    public void Publish(params string[] services)
    {
        var now = Now;
        var known = services.Length > 0 ? services : [.. Incidents.Keys];
        Facts.Apply(Integration, new FactsUpdate
        {
            Services = [.. known.Select(s => new ServiceFacts { Id = s, Exists = true, Name = s, EscalationPolicyId = "EP-" + s, AsOf = now })],
            Incidents =
            [
                .. known.Select(s => new IncidentFacts
                {
                    ServiceId = s, Open = [.. Incidents[s].Order(StringComparer.Ordinal).Select(i => new OpenIncident { Id = i })], AsOf = now,
                }),
            ],
            EscalationPolicies =
            [
                .. known.Select(s => new EscalationPolicyFacts
                {
                    Id = "EP-" + s, Name = s, Shifts = [.. Shifts[s]], AsOf = now, KnownUntil = now.AddDays(2),
                }),
            ],
        });
    }

    public SessionEvaluation Evaluate(string key, string user = Alice, string connector = Connector, string socket = "db-1") =>
        Sessions.Evaluate(Request(user, socket), connector, key);

    /// <summary>Opens a session that must be allowed.</summary>
    public void Open(string key, string user = Alice, string connector = Connector, string socket = "db-1") =>
        Assert.True(Evaluate(key, user, connector, socket).Allowed, $"session {key} was not allowed");

    /// <summary>Lets time pass in steps, PagerDuty answering all the while unless it is not to.</summary>
    public void Pass(TimeSpan time, TimeSpan? step = null, bool answering = true)
    {
        var end = Now + time;
        var stride = step ?? TimeSpan.FromSeconds(7);
        while (Now < end)
        {
            Time.Advance(end - Now < stride ? end - Now : stride);
            if (answering)
            {
                Publish();
            }
        }
    }

    public IReadOnlyList<string> OpenKeys() =>
        [.. Sessions.List(Organization, "", "", "", ("", ""), int.MaxValue).Select(s => s.SessionKey)];

    public Session Listed(string key) => Sessions.List(Organization, "", "", "", ("", ""), int.MaxValue).Single(s => s.SessionKey == key);

    /// <summary>The process ends and starts again: policies are there, facts only where they are kept.</summary>
    public async Task RestartAsync(bool keepFacts, ISessionJournal? journal = null)
    {
        Sessions.Dispose();
        Journal = journal ?? Journal;
        Catalog = new PolicyCatalog();
        Replace();
        if (!keepFacts)
        {
            Facts = new FactsStore();
        }

        Sessions = Make();
        await Sessions.StartAsync(ToRequest, CancellationToken.None);
    }

    public void Dispose() => Sessions.Dispose();

    private static AccessRequest ToRequest(EvaluateRequest request) =>
        Request(request.UserEmail, request.SocketId, request.SocketType, [.. request.Groups], request.SocketTags.ToDictionary());

    private SessionRegistry Make() => new(Catalog, Facts, Journal, Options, Time, NullLogger<SessionRegistry>.Instance);
}
