using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Simulator.Model;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Testing;

/// <summary>PagerDuty for one test: the simulator, with a service that somebody is on call for.</summary>
public sealed class SimulatedPagerDuty : IAsyncDisposable
{
    public const string IntegrationName = "pd";
    private const string WebhookSecret = "a secret of the webhook subscription";

    private readonly SimulatorServer _server;
    private readonly DemoAccount _demo;

    private SimulatedPagerDuty(SimulatorServer server, DemoAccount demo) => (_server, _demo) = (server, demo);

    public Uri BaseAddress => _server.BaseAddress;

    public string ServiceId => _demo.Payments.Id;

    public SimulatorServer Server => _server;

    public static async Task<SimulatedPagerDuty> StartAsync()
    {
        var demo = new DemoAccount(TimeProvider.System);
        return new SimulatedPagerDuty(await SimulatorServer.StartAsync(demo.Account), demo);
    }

    /// <summary>Creates the integration in the sidecar, and the webhook subscription in PagerDuty.</summary>
    public async Task ConnectAsync(Sidecar sidecar, string? apiKey = null)
    {
        await sidecar.Integrations.CreateIntegrationAsync(new CreateIntegrationRequest
        {
            Integration = new Integration { Name = IntegrationName, ApiKey = apiKey ?? DemoAccount.ReadOnlyKey, WebhookSecrets = { WebhookSecret } },
        });
        _demo.Account.Subscribe(new Uri(sidecar.Http, $"/webhooks/pagerduty/v3/{IntegrationName}"), WebhookSecret);
    }

    public SimulatedIncident Trigger(string title) => _demo.Account.TriggerIncident(_demo.Payments, title);

    public void Resolve(SimulatedIncident incident) => _demo.Account.Resolve(incident);

    /// <summary>Puts the one on call until an instant and the other from then on.</summary>
    public void HandOver(string from, string to, DateTimeOffset at)
    {
        var account = _demo.Account;
        account.ClearSchedule(_demo.Schedule);
        account.PutOnCall(_demo.Schedule, account.FindUser(from)!, at.AddHours(-8), at);
        account.PutOnCall(_demo.Schedule, account.FindUser(to)!, at, at.AddHours(8));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
