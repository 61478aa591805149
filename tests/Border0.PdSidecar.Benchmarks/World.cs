using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Benchmarks;

/// <summary>
/// The socket "measured" with three policies of two conditions each (on call for one service, an open incident of another), all of
/// which hold, among as many policies as wanted, which are those of other sockets and services.
/// </summary>
internal static class World
{
    public const string Organization = "default";
    public const int MeasuredPolicies = 3;

    public static IntegrationSettings Settings { get; } = new(
        new IntegrationKey(Organization, "pd"), "pd", TimeSpan.FromDays(1), TimeSpan.FromDays(1), TimeSpan.FromDays(1));

    public static AccessRequest Request { get; } = new()
    {
        OrganizationId = Organization,
        SocketId = "measured",
        SocketType = "ssh",
        UserEmail = "alice@example.com",
        ServiceAccount = "",
        ClientAddress = System.Net.IPAddress.Parse("192.0.2.10"),
        ClientCountry = "",
    };

    public static List<Policy> Policies(int count) =>
        [.. Enumerable.Range(0, count).Select(i => i < MeasuredPolicies ? Policy(i, "measured", i, i + MeasuredPolicies) : Policy(i, $"socket-{i}", i, i))];

    public static Policy Policy(int number, string socket, int onCallFor, int incidentOf) => new()
    {
        OrganizationId = Organization,
        Name = $"policy-{number}",
        Etag = "1",
        SocketIds = { socket },
        Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
        Integrations =
        {
            new IntegrationCondition { IntegrationName = "pd", PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = ServiceId(onCallFor), RequireBeOncall = true } },
            new IntegrationCondition { IntegrationName = "pd", PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = ServiceId(incidentOf), RequireIncident = true } },
        },
    };

    /// <summary>Facts about as many services as there are policies: each with an escalation policy, somebody on call, and an incident.</summary>
    public static FactsUpdate Facts(int services, DateTimeOffset now) => new()
    {
        Services = [.. Enumerable.Range(0, services).Select(i => new ServiceFacts { Id = ServiceId(i), Exists = true, Name = ServiceId(i), EscalationPolicyId = $"E{i}", AsOf = now })],
        Incidents = [.. Enumerable.Range(0, services).Select(i => Incidents(i, now, 1))],
        EscalationPolicies =
        [
            .. Enumerable.Range(0, services).Select(i => new EscalationPolicyFacts
            {
                Id = $"E{i}",
                Name = $"E{i}",
                AsOf = now,
                KnownUntil = now.AddDays(2),
                Shifts =
                [
                    new OnCallShift(new PagerDutyUser("U1", "Alice", "alice@example.com"), 1, "SCH1", now.AddHours(-4), now.AddDays(1)),
                    new OnCallShift(new PagerDutyUser("U2", "Bob", "bob@example.com"), 2, null, null, null),
                ],
            }),
        ],
    };

    public static IncidentFacts Incidents(int service, DateTimeOffset now, int open) => new()
    {
        ServiceId = ServiceId(service),
        AsOf = now,
        Open = [.. Enumerable.Range(0, open).Select(i => new OpenIncident { Id = $"Q{service}-{i}", Number = i + 1, Title = "It is down" })],
    };

    public static string ServiceId(int number) => $"P{number:D6}";
}
