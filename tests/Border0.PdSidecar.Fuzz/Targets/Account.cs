using System.Net;
using System.Text;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>The account that PagerDuty's well-formed answers tell of, and a policy that depends on it.</summary>
internal static class Account
{
    public const string Service = "PSVC";

    public static readonly IntegrationKey Integration = new("default", "pd");
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static readonly string ServiceAnswer =
        """{"service":{"id":"PSVC","type":"service","name":"Payments","status":"critical","html_url":"https://x.pagerduty.com/PSVC","escalation_policy":{"id":"PEP1","type":"escalation_policy_reference","summary":"Payments EP"}}}""";

    public static readonly string Services =
        """{"services":[{"id":"PSVC","name":"Payments","status":"active","escalation_policy":{"id":"PEP1","summary":"EP"}},{"id":"PSV2","name":"Checkout","status":"disabled","escalation_policy":null}],"limit":100,"offset":0,"total":null,"more":false}""";

    public static readonly string OnCalls =
        """{"oncalls":[{"user":{"id":"PU1","type":"user","name":"Alice","email":"alice@example.com"},"schedule":{"id":"PS1","type":"schedule_reference"},"escalation_policy":{"id":"PEP1","summary":"EP"},"escalation_level":1,"start":"2026-11-23T08:00:00Z","end":"2026-11-23T20:00:00Z"},{"user":{"id":"PU2","type":"user_reference","summary":"Bob"},"schedule":null,"escalation_policy":{"id":"PEP1"},"escalation_level":2,"start":null,"end":null}],"limit":100,"offset":0,"more":false,"total":null}""";

    public static readonly string Incidents =
        """{"incidents":[{"id":"PINC1","type":"incident","incident_number":1234,"title":"Down","status":"acknowledged","service":{"id":"PSVC","type":"service_reference"},"assignments":[{"at":"2026-11-23T10:00:00Z","assignee":{"id":"PU1","type":"user","email":"alice@example.com"}}],"acknowledgements":[{"at":"2026-11-23T10:05:00Z","acknowledger":{"id":"PU1","type":"user","email":"alice@example.com"}}]}],"limit":100,"offset":0,"more":false}""";

    public static readonly string Users = """{"user":{"id":"PU1","name":"Alice","email":"alice@example.com","role":"admin","http_cal_url":"http://x/private"}}""";

    /// <summary>What PagerDuty says at a path.</summary>
    public static (HttpStatusCode Status, byte[] Body) At(string path) => (HttpStatusCode.OK, Encoding.UTF8.GetBytes(
        path.Contains("/services/", StringComparison.Ordinal) ? ServiceAnswer
        : path.Contains("/services", StringComparison.Ordinal) ? Services
        : path.Contains("/oncalls", StringComparison.Ordinal) ? OnCalls
        : path.Contains("/incidents", StringComparison.Ordinal) ? Incidents
        : path.Contains("/users/", StringComparison.Ordinal) ? Users : "{}"));

    /// <summary>Policies that need somebody on call, and an incident.</summary>
    public static PolicySnapshot Policies()
    {
        var catalog = new PolicyCatalog();
        var policy = new Policy
        {
            Name = "payments",
            OrganizationId = Integration.OrganizationId,
            OrgWide = true,
            Etag = "1",
            Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
        };
        foreach (var involvement in (ReadOnlySpan<IncidentInvolvement>)[IncidentInvolvement.Any, IncidentInvolvement.Assigned, IncidentInvolvement.Acknowledged])
        {
            policy.Integrations.Add(new IntegrationCondition
            {
                IntegrationName = Integration.Name,
                PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = Service, RequireBeOncall = true, RequireIncident = true, MaxEscalationLevel = 1, ScheduleIds = { "PS1" }, IncidentInvolvement = involvement },
            });
        }

        catalog.Replace([policy], [new IntegrationSettings(Integration, Integration.Name, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30))]);
        return catalog.Current;
    }

    /// <summary>Decides on facts, and says why: whatever the facts hold, that must be possible.</summary>
    public static void Decide(PolicySnapshot policies, FactsSnapshot facts)
    {
        foreach (var email in (ReadOnlySpan<string>)["alice@example.com", "mallory@example.com"])
        {
            var request = new AccessRequest
            {
                OrganizationId = Integration.OrganizationId,
                SocketId = "s",
                SocketType = "ssh",
                UserEmail = email,
                ServiceAccount = "",
                ClientCountry = "",
            };
            var decision = Evaluator.Evaluate(policies, facts, request, EvaluationPurpose.NewConnection, Now);
            _ = Evaluator.Explain(decision, request);
        }
    }
}
