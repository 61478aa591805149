using System.Security.Cryptography;
using System.Text;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Border0.PdSidecar.PagerDuty.Tests.Webhooks;

/// <summary>Deliveries to an integration whose facts come from a simulated PagerDuty.</summary>
public sealed class WebhookReceiverTests : IAsyncLifetime
{
    private const string Secret = "the secret of the subscription";
    private static readonly IntegrationKey Key = new("default", "pd");

    private readonly FactsStore _facts = new();
    private DemoAccount _demo = null!;
    private SimulatorServer _server = null!;
    private PagerDutyClients _clients = null!;
    private PagerDutyFeeds _feeds = null!;
    private WebhookReceiver _receiver = null!;

    private IncidentFacts Incidents => _facts.Current.Of(Key).Incidents[_demo.Payments.Id];

    public async Task InitializeAsync()
    {
        _demo = new DemoAccount(TimeProvider.System);
        _server = await SimulatorServer.StartAsync(_demo.Account);
        _clients = new PagerDutyClients(new PagerDutyClientOptions { Addresses = new PagerDutyAddresses { Allowed = _server.BaseAddress } }, TimeProvider.System, NullLoggerFactory.Instance);

        // No poll but those that are asked for, so that what a webhook did is seen by itself.
        var options = new PagerDutyFeedOptions { IncidentsInterval = TimeSpan.FromHours(1), OnCallInterval = TimeSpan.FromHours(1) };
        _feeds = new PagerDutyFeeds(_facts, _clients, options, TimeProvider.System, NullLoggerFactory.Instance);
        _feeds.Apply([Connection(DemoAccount.ReadOnlyKey)]);
        _receiver = new WebhookReceiver(_feeds);
        Assert.Equal(PagerDutyOutcome.Ok, await _feeds.EnsureKnownAsync(Key, _demo.Payments.Id, default));
    }

    public async Task DisposeAsync()
    {
        _receiver.Dispose();
        await _feeds.DisposeAsync();
        _clients.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public void Feed_KnowsTheServiceItsPolicyAndWhoIsOnCall()
    {
        var known = _facts.Current.Of(Key);
        var service = known.Services[_demo.Payments.Id];

        Assert.True(service.Exists);
        Assert.Empty(Incidents.Open);
        var shifts = known.EscalationPolicies[service.EscalationPolicyId!].Shifts;
        Assert.Contains(shifts, s => s.User.Email == "alice@example.com" && s.End?.ToUnixTimeSeconds() == _demo.HandOver.ToUnixTimeSeconds());
        Assert.Contains(shifts, s => s.User.Email == "carol@example.com" && s.Start is null && s.End is null && s.ScheduleId is null);
    }

    [Fact]
    public async Task Sync_SeesWhatChangedWithoutAWebhook()
    {
        _demo.Account.TriggerIncident(_demo.Payments, "Down");

        Assert.Equal(1, (await _feeds.SyncAsync(Key, default)).OpenIncidents);
        Assert.Single(Incidents.Open);
    }

    [Fact]
    public async Task WrongKey_IsAStatus_AndNotAStorm()
    {
        _feeds.Apply([Connection("wrong")]);
        var outcome = await _feeds.SyncAsync(Key, default);

        Assert.Equal(PagerDutyOutcome.Unauthorized, outcome.Outcome);
        Assert.Equal(IntegrationState.Unauthorized, _feeds.Status(Key).State);
        Assert.True(_facts.Current.Of(Key).Unauthorized);
        Assert.True(_server.Requests.Requests.Count(r => r.Status == 401) < 10, "asked again and again");
    }

    [Fact]
    public void Triggered_IsAFactAtOnce_AndResolvedTakesItAway()
    {
        Assert.Equal(WebhookOutcome.Accepted, Send(Body("1", "incident.triggered", "triggered")));
        Assert.Equal("Q1", Assert.Single(Incidents.Open).Id);

        Assert.Equal(WebhookOutcome.Accepted, Send(Body("2", "incident.resolved", "resolved")));
        Assert.Empty(Incidents.Open);
    }

    [Fact]
    public void SameEventAgain_IsAcceptedWithoutEffect()
    {
        var body = Body("1", "incident.triggered", "triggered");
        Send(body);
        Send(Body("2", "incident.resolved", "resolved"));

        Assert.Equal(WebhookOutcome.AcceptedDuplicate, Send(body));
        Assert.Empty(Incidents.Open);
    }

    [Fact]
    public void EventsOutOfOrder_LeaveTheLaterOnesState()
    {
        var now = DateTimeOffset.UtcNow;
        Send(Body("2", "incident.resolved", "resolved", now.AddSeconds(2)));
        Send(Body("1", "incident.triggered", "triggered", now.AddSeconds(1)));

        Assert.Empty(Incidents.Open);
    }

    [Theory]
    [InlineData("pagey.ping")]
    [InlineData("incident.some_future_type")]
    public void TypesWithoutMeaning_AreAcceptedWithoutEffect(string type)
    {
        Assert.Equal(WebhookOutcome.Accepted, Send(Body("9", type, "triggered")));
    }

    [Theory]
    [InlineData(null, WebhookOutcome.BadHeader)]
    [InlineData("", WebhookOutcome.BadHeader)]
    [InlineData("v0=00", WebhookOutcome.BadHeader)]
    [InlineData("v1=zz", WebhookOutcome.BadHeader)]
    [InlineData("v1=0000000000000000000000000000000000000000000000000000000000000000", WebhookOutcome.BadSignature)]
    public void Signature_ThatIsNone_IsRefused(string? header, WebhookOutcome outcome)
    {
        Assert.Equal(outcome, _receiver.Receive(Key, header, null, Body("1", "incident.triggered", "triggered")));
        Assert.Empty(Incidents.Open);
    }

    [Fact]
    public void OneOfSeveralSignatures_IsEnough_AndAnEmptyBodyIsNone()
    {
        var body = Body("1", "incident.triggered", "triggered");

        Assert.Equal(WebhookOutcome.Accepted, _receiver.Receive(Key, $"v1={new string('0', 64)},{Sign(body)}", null, body));
        Assert.Equal(WebhookOutcome.BadBody, _receiver.Receive(Key, Sign([]), null, ReadOnlyMemory<byte>.Empty));
        Assert.Equal(WebhookOutcome.UnknownIntegration, _receiver.Receive(new IntegrationKey("default", "other"), Sign(body), null, body));
    }

    [Fact]
    public void Refusals_AreCountedAndSayWhy()
    {
        var body = Body("1", "incident.triggered", "triggered");

        Refused(WebhookOutcome.BadHeader, " ", body, "the X-PagerDuty-Signature header is missing.");
        Refused(WebhookOutcome.BadBody, Sign([]), [], "the body is empty.");
        Refused(WebhookOutcome.BadHeader, "v2=00", body, "the X-PagerDuty-Signature header holds no v1 signature.");
        Refused(WebhookOutcome.BadSignature, Sign([1]), body, "no signature matches a webhook secret of the integration. Is the subscription's secret the stored one?");
        Refused(WebhookOutcome.BadBody, Sign("{}"u8.ToArray()), "{}"u8.ToArray(), "the body is no PagerDuty V3 webhook.");
        var large = new byte[WebhookReceiver.MaxBodyBytes + 1];
        Refused(WebhookOutcome.TooLarge, Sign(large), large, "the body is too large.");
        var largest = Encoding.UTF8.GetBytes("{\"event\":{\"event_type\":\"pagey.ping\"}}".PadRight(WebhookReceiver.MaxBodyBytes));
        Assert.Equal(WebhookOutcome.Accepted, Send(largest));

        _feeds.Apply([Connection(DemoAccount.ReadOnlyKey) with { WebhookSecrets = [] }]);
        Refused(WebhookOutcome.BadSignature, Sign(body), body, "the integration has no webhook secret.");
        var status = _feeds.Status(Key).Webhooks;
        Assert.Equal(1, status.Accepted);
        Assert.NotNull(status.LastAcceptedTime);
        Assert.Empty(Incidents.Open);
    }

    [Fact]
    public void TheSameDeliveryOfAnotherEvent_IsADuplicate()
    {
        var first = Body("1", "incident.triggered", "triggered");
        var second = Body("2", "incident.resolved", "resolved");

        Assert.Equal(WebhookOutcome.Accepted, _receiver.Receive(Key, Sign(first), "W1", first));
        Assert.Equal(WebhookOutcome.AcceptedDuplicate, _receiver.Receive(Key, Sign(second), "W1", second));
        Assert.Single(Incidents.Open);
    }

    [Fact]
    public async Task AnAppliedEvent_IsConfirmedByAPoll()
    {
        Send(Body("1", "incident.triggered", "triggered"));
        Assert.Equal("Q1", Assert.Single(Incidents.Open).Id);

        // PagerDuty itself knows of no such incident; a poll that begins late enough says so.
        await UntilAsync(() => Incidents.Open.IsEmpty);
    }

    [Fact]
    public async Task AnEventWithoutItsInstant_HasPagerDutyAsked()
    {
        var incident = _demo.Account.TriggerIncident(_demo.Payments, "Down");
        var body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Body("1", "incident.triggered", "triggered")).Replace("occurred_at", "at", StringComparison.Ordinal));
        Assert.Equal(WebhookOutcome.Accepted, Send(body));

        await UntilAsync(() => Incidents.Open.Any(i => i.Id == incident.Id));
        Assert.DoesNotContain(Incidents.Open, i => i.Id == "Q1");
    }

    [Fact]
    public async Task AnEventOfAService_HasThatServiceReadAgain()
    {
        var other = _demo.Account.AddEscalationPolicy("Moved");
        _demo.Account.UseEscalationPolicy(_demo.Payments, other);
        Assert.NotEqual(other.Id, _facts.Current.Of(Key).Services[_demo.Payments.Id].EscalationPolicyId);

        Assert.Equal(WebhookOutcome.Accepted, Send(ServiceUpdated("1", "PUNWATCHED")));
        Assert.Equal(WebhookOutcome.Accepted, Send(ServiceUpdated("2", _demo.Payments.Id)));

        await UntilAsync(() => _facts.Current.Of(Key).Services[_demo.Payments.Id].EscalationPolicyId == other.Id);
    }

    private static byte[] ServiceUpdated(string id, string service) =>
        Encoding.UTF8.GetBytes($$$"""{"event":{"id":"{{{id}}}","event_type":"service.updated","data":{"id":"{{{service}}}","type":"service"} } }""");

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!holds())
        {
            await Task.Delay(10, patience.Token);
        }
    }

    private void Refused(WebhookOutcome outcome, string header, byte[] body, string why)
    {
        var before = _feeds.Status(Key).Webhooks.Refused;
        Assert.Equal(outcome, _receiver.Receive(Key, header, null, body));
        var status = _feeds.Status(Key).Webhooks;
        Assert.Equal((before + 1, why), (status.Refused, status.LastRefusal));
    }

    private static string Sign(byte[] body) => "v1=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), body));

    private IntegrationConnection Connection(string key) =>
        new(Key, key, _server.BaseAddress, ["another secret", Secret], new HashSet<string> { _demo.Payments.Id });

    private WebhookOutcome Send(byte[] body) => _receiver.Receive(Key, Sign(body), null, body);

    private byte[] Body(string id, string type, string status, DateTimeOffset? at = null) => Encoding.UTF8.GetBytes($$$"""
        {"event":{"id":"{{{id}}}","event_type":"{{{type}}}","resource_type":"incident","occurred_at":"{{{at ?? DateTimeOffset.UtcNow.AddSeconds(1):yyyy-MM-dd'T'HH:mm:ss.fff'Z'}}}",
        "agent":null,"client":null,"data":{"id":"Q1","type":"incident","number":1,"status":"{{{status}}}","title":"Down",
        "service":{"id":"{{{_demo.Payments.Id}}}","type":"service_reference"},"assignees":[],"resolve_reason":null} } }
        """);
}
