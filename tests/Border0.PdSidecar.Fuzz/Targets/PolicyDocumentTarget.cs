using System.Text;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.Fuzz.Running;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>
/// Policy documents, read, checked, compiled, decided by and written again: what is written must read as the same policy. And policies in
/// the contract's own JSON, as `pdsidecar check` reads them.
/// </summary>
internal sealed class PolicyDocumentTarget : FuzzTarget
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));
    private static readonly AccessRequest Request = new()
    {
        OrganizationId = "default",
        SocketId = "s",
        SocketType = "ssh",
        UserEmail = "alice@example.com",
        ServiceAccount = "",
        ClientCountry = "DE",
        ClientAddress = System.Net.IPAddress.Parse("192.0.2.7"),
        Groups = ["sre"],
    };

    public override string Name => "policy-json";

    public override string About => "policy documents of both versions, and policies in the contract's JSON";

    public override IReadOnlyList<byte[]> Examples { get; } =
    [
        .. ((IReadOnlyList<string>)
        [
            """{"version":"v1","action":["database:*","ssh:shell","http"],"condition":{"who":{"email":["alice@example.com"],"domain":["example.com"],"group":null},"where":{"allowed_ip":["0.0.0.0/0","::/0"],"country":null,"country_not":["KP"]},"when":{"after":"2021-12-31T00:00Z","before":null,"time_of_day_after":"00:00 UTC","time_of_day_before":"23:59 UTC"}},"integrations":[{"integration_name":"pd","configuration":{"service_id":"PSVC","require_be_oncall":true,"require_incident":false}}]}""",
            """{"version":"v2","permissions":{"ssh":{"shell":{},"exec":{"commands":["ls"]},"max_session_duration_seconds":3600},"http":{}},"condition":{"who":{"email":["alice@example.com"],"group":[],"service_account":[]},"when":{"time_of_day_after":"22:00","time_of_day_before":"06:00","time_zone":"Europe/Berlin"}},"integrations":[{"integration_name":"pd","mode":"shadow","configuration":{"service_id":"PSVC","require_incident":true,"max_escalation_level":2,"schedule_ids":["PS1"],"incident_involvement":"assigned"}}]}""",
            """{"version":"v1","action":{"ssh":["*"]},"condition":{}}""",
            """{"name":"p","orgWide":true,"socketIds":["a"],"tagRules":[{"tags":{"env":"prod"}}],"actions":{"ssh":{"values":["*"]}},"condition":{"who":{"email":["a@b.c"]},"when":{"after":"2021-12-31T00:00:00Z","before":"2031-12-31T00:00:00Z"}},"integrations":[{"integrationName":"pd","pagerdutyOncall":{"serviceId":"PSVC","requireBeOncall":true}}],"revocationGrace":"30s","maxSessionDuration":"3600s"}""",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. ((IReadOnlyList<string>)
        [
            "\"v1\"", "\"v2\"", "\"*\"", "\"ssh:*\"", "\"when\":", "\"after\":", "\"before\":", "\"time_zone\":", "\"Pacific/Kiritimati\"", "\"24:00\"", "\"23:59:60\"", "\"00:00 Europe/Berlin\"",
            "\"9999-12-31T23:59Z\"", "\"0001-01-01T00:00+14:00\"", "\"10.0.0.0/33\"", "\"::ffff:1.2.3.4/96\"", "\"fe80::1%eth0\"", "\"1.2.3.4/-1\"", "\"permissions\":", "\"max_session_duration_seconds\":",
            "\"315576000000s\"", "\"-1s\"", "\"0.000000001s\"", "\"@\"", "\"xn--ls8h.la\"", "\"zz\"", "1000000", "0.5",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    // A violation is a sentence, and there may be a hundred.
    public override long AllocationBound(int size) => (8L << 20) + 2048L * size;

    public override void Run(byte[] input)
    {
        var json = Encoding.UTF8.GetString(input);
        if (Parse<Struct>(json) is { } document)
        {
            var policy = new Policy { Name = "p", OrganizationId = "default", OrgWide = true, Etag = "1" };
            if (IsFine(found => PolicyDocumentReader.Read(document, policy, "policy_document", found)) && IsFine(found => PolicyValidation.Check(policy, "policy.", nameRequired: true, found)))
            {
                Use(policy);
                ReadAgain(policy);
            }
        }

        if (Parse<Policy>(json) is { } given && IsFine(found => PolicyValidation.Check(given, "policy.", nameRequired: false, found)))
        {
            (given.OrganizationId, given.Etag) = ("default", "1");
            Use(given);
        }
    }

    private static T? Parse<T>(string json)
        where T : class, IMessage<T>, new()
    {
        try
        {
            return Parser.Parse<T>(json);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException or InvalidOperationException or FormatException or OverflowException or ArgumentException)
        {
            // Google's parser, and the caller's, not the sidecar's.
            return null;
        }
    }

    private static bool IsFine(Action<FieldViolations> check)
    {
        var found = new FieldViolations();
        check(found);
        foreach (var violation in found.Found)
        {
            FuzzFinding.Unless(violation.Field.Length < 300 && violation.Description.Length < 1000, $"a violation of {violation.Field.Length} + {violation.Description.Length} characters");
        }

        return found.None;
    }

    private static void Use(Policy policy)
    {
        var catalog = new PolicyCatalog();
        catalog.Replace([policy], [new IntegrationSettings(Account.Integration, "pd", TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30))]);
        foreach (var at in (ReadOnlySpan<DateTimeOffset>)[Account.Now, Account.Now.AddMonths(-5).AddHours(11)])
        {
            var decision = Evaluator.Evaluate(catalog.Current, FactsSnapshot.Empty, Request, EvaluationPurpose.NewConnection, at);
            _ = Evaluator.Explain(decision, Request);
            _ = Evaluator.Test(policy, catalog.Current, FactsSnapshot.Empty, Request, at, at);
        }

        _ = Evaluator.ListEligibleUsers(policy, catalog.Current, FactsSnapshot.Empty, Account.Now);
        _ = PolicyWarnings.Of(policy, _ => false, Account.Now).ToList();
    }

    private static void ReadAgain(Policy policy)
    {
        foreach (var version in (ReadOnlySpan<string>)["v1", "v2"])
        {
            List<string> losses = [];
            var written = PolicyDocumentWriter.Write(policy, version, losses);
            if (losses.Count > 0)
            {
                continue;
            }

            var read = new Policy { Name = "p", OrganizationId = "default", OrgWide = true, Etag = "1" };
            var found = new FieldViolations();
            PolicyDocumentReader.Read(written, read, "policy_document", found);
            PolicyValidation.Check(read, "policy.", nameRequired: true, found);
            FuzzFinding.Unless(found.None, $"what is written as {version} is refused: {string.Join("; ", found.Found)}");
            FuzzFinding.Unless(Normal(read).Equals(Normal(policy)), $"what is written as {version} reads as another policy: {Normal(policy)} / {Normal(read)}");
        }
    }

    /// <summary>Without the difference between a part that is absent and one that is empty.</summary>
    private static Policy Normal(Policy policy)
    {
        var normal = policy.Clone();
        foreach (var (type, _) in normal.Actions.Where(a => a.Value.Values.Count == 0).ToList())
        {
            normal.Actions.Remove(type);
        }

        if (normal.Condition is { } condition)
        {
            condition.Who = condition.Who?.CalculateSize() == 0 ? null : condition.Who;
            condition.Where = condition.Where?.CalculateSize() == 0 ? null : condition.Where;
            condition.When = condition.When?.CalculateSize() == 0 ? null : condition.When;
            normal.Condition = condition.CalculateSize() == 0 ? null : condition;
        }

        foreach (var integration in normal.Integrations)
        {
            integration.Mode = integration.Mode == ConditionMode.Unspecified ? ConditionMode.Enforce : integration.Mode;
            if (integration.PagerdutyOncall is { } configuration && configuration.IncidentInvolvement == IncidentInvolvement.Unspecified)
            {
                configuration.IncidentInvolvement = IncidentInvolvement.Any;
            }
        }

        return normal;
    }
}
