using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Simulator.Model;

namespace Border0.PdSidecar.Load.Servers;

/// <summary>A simulated PagerDuty account in which Alice is on call for everything, and its webhooks, sent at a moment of our choosing.</summary>
internal sealed class PagerDutyAccountForLoad : IAsyncDisposable
{
    public const string IntegrationName = "pd", ApiKey = "key", WebhookSecret = "a secret of the webhook subscription";
    private readonly PagerDutyAccount _account = new(TimeProvider.System);
    private readonly SimulatedUser _alice;
    private readonly HttpClient _http = new();
    private SimulatorServer _server = null!;
    private int _events;

    private PagerDutyAccountForLoad(int limitPerMinute)
    {
        _account.AddKey(ApiKey, limitPerMinute: limitPerMinute);
        _alice = _account.AddUser("Alice Martin", Requests.User);
        var schedule = _account.AddSchedule("Primary");
        var now = DateTimeOffset.UtcNow;
        _account.PutOnCall(schedule, _alice, now.AddHours(-8), now.AddHours(40));
        Everyone = _account.AddEscalationPolicy("Payments", schedule);
        Payments = _account.AddService("Payments", Everyone);
        Trigger(Payments);
    }

    public Uri BaseAddress => _server.BaseAddress;

    public SimulatedEscalationPolicy Everyone { get; }

    public SimulatedService Payments { get; }

    public SimulatorServer Server => _server;

    public static async Task<PagerDutyAccountForLoad> StartAsync(int limitPerMinute = 960)
    {
        var account = new PagerDutyAccountForLoad(limitPerMinute);
        account._server = await SimulatorServer.StartAsync(account._account);
        return account;
    }

    /// <summary>A service with an escalation policy of its own, or the one that all share.</summary>
    public SimulatedService AddService(string name, bool ownEscalationPolicy) =>
        _account.AddService(name, ownEscalationPolicy ? _account.AddEscalationPolicy(name, _alice) : Everyone);

    public SimulatedIncident Trigger(SimulatedService service) => _account.TriggerIncident(service, "down");

    public void Resolve(SimulatedIncident incident) => _account.Resolve(incident);

    /// <summary>Posts the webhook of what just happened to an incident; returns once it was taken.</summary>
    public async Task TellAsync(Sidecar sidecar, string what, SimulatedIncident incident)
    {
        using var request = Webhook(sidecar, what, incident);
        using var answer = await _http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }

    private HttpRequestMessage Webhook(Sidecar sidecar, string what, SimulatedIncident incident)
    {
        var at = incident.StatusChangedAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        var body = Encoding.UTF8.GetBytes($$$$"""
            {"event":{"id":"01LOAD{{{{++_events}}}}","event_type":"incident.{{{{what}}}}","resource_type":"incident","occurred_at":"{{{{at}}}}",
            "data":{"id":"{{{{incident.Id}}}}","type":"incident","status":"{{{{incident.Status}}}}","number":{{{{incident.Number}}}},"title":"down","service":{"id":"{{{{incident.Service.Id}}}}","type":"service_reference"},"assignees":[]}}}
            """);
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(sidecar.Http, $"/webhooks/pagerduty/v3/{IntegrationName}")) { Content = new ByteArrayContent(body) };
        request.Headers.Add("X-PagerDuty-Signature", "v1=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(WebhookSecret), body)));
        return request;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }
}
