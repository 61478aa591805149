using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Simulator.Model;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Fleet.Tests.Sidecars;

/// <summary>A simulated PagerDuty account, and the configuration that a fleet shares about it: one integration, a policy for each service.</summary>
public sealed class FleetAccount : IAsyncDisposable
{
    public const string Organization = "acme";
    public const string Secret = "a secret of the webhook subscription";
    private const string ApiKey = "fleet-key";

    private FleetAccount(SimulatorServer server) => Server = server;

    public static IntegrationKey Integration { get; } = new(Organization, "pd");

    public SimulatorServer Server { get; }

    public PagerDutyAccount Account => Server.Account;

    public IReadOnlyList<SimulatedService> Services { get; private set; } = [];

    /// <summary>How old facts may be for new connections.</summary>
    public TimeSpan MaxStaleness { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>And for running sessions.</summary>
    public TimeSpan SessionMaxStaleness { get; init; } = TimeSpan.FromMinutes(15);

    public static async Task<FleetAccount> StartAsync(int services, TimeSpan? maxStaleness = null, TimeSpan? sessionMaxStaleness = null)
    {
        var account = new PagerDutyAccount(TimeProvider.System);
        account.AddKey(ApiKey);
        var users = Enumerable.Range(0, 10).Select(i => account.AddUser($"User {i}", $"user{i}@example.com")).ToList();
        var policies = Enumerable.Range(0, Math.Max(1, services / 5)).Select(i => account.AddEscalationPolicy($"Policy {i}", users[i % users.Count])).ToList();
        for (var i = 0; i < services; i++)
        {
            account.AddService($"Service {i}", policies[i % policies.Count]);
        }

        return new FleetAccount(await SimulatorServer.StartAsync(account))
        {
            Services = account.Services,
            MaxStaleness = maxStaleness ?? TimeSpan.FromSeconds(60),
            SessionMaxStaleness = sessionMaxStaleness ?? TimeSpan.FromMinutes(15),
        };
    }

    public IntegrationConnection Connection(IEnumerable<string>? services = null) =>
        new(Integration, ApiKey, Server.BaseAddress, [Secret], (services ?? Services.Select(s => s.Id)).ToHashSet(StringComparer.Ordinal));

    public IntegrationSettings Settings => new(Integration, "pd", MaxStaleness, SessionMaxStaleness, TimeSpan.FromMinutes(30));

    /// <summary>Socket NAME needs an incident of service NAME.</summary>
    public IReadOnlyList<Policy> Policies =>
    [
        .. Services.Select(s => new Policy
        {
            OrganizationId = Organization,
            Name = "incident-" + s.Id,
            Etag = "1",
            SocketIds = { s.Id },
            Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
            Condition = new Condition(),
            Integrations = { new IntegrationCondition { IntegrationName = "pd", PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = s.Id, RequireIncident = true } } },
        }),
    ];

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
