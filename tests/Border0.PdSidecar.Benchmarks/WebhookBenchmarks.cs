using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Border0.PdSidecar.Benchmarks;

/// <summary>One delivery: header, signature, body, duplicate (as a repeated delivery is, so that each is the same work).</summary>
public class WebhookBenchmarks
{
    private const string Secret = "the secret of the webhook subscription";
    private byte[] _body = [];
    private string _signature = "";
    private PagerDutyClients _clients = null!;
    private PagerDutyFeeds _feeds = null!;
    private WebhookReceiver _receiver = null!;

    /// <summary>Bytes of the body: an incident's event is about 1.5 KB; PagerDuty sends at most 256 KB.</summary>
    [Params(1_500, 256_000)]
    public int Body { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _clients = new PagerDutyClients(
            new PagerDutyClientOptions { AttemptTimeout = TimeSpan.FromHours(1), Addresses = new PagerDutyAddresses { Allowed = new Uri("http://127.0.0.1") } }, TimeProvider.System, NullLoggerFactory.Instance, new Silence());
        _feeds = new PagerDutyFeeds(new FactsStore(), _clients, new PagerDutyFeedOptions(), TimeProvider.System, NullLoggerFactory.Instance);
        _feeds.Apply([new IntegrationConnection(World.Settings.Key, "key", new Uri("http://127.0.0.1"), [Secret], new HashSet<string> { "P000000" })]);
        _receiver = new WebhookReceiver(_feeds);
        _body = Encoding.UTF8.GetBytes(
            """{"event":{"id":"01DEMO","event_type":"incident.resolved","resource_type":"incident","occurred_at":"2026-11-23T12:00:00.000Z","agent":null,"client":null,"data":{"id":"Q1","type":"incident","number":7,"status":"resolved","service":{"id":"P000000","type":"service_reference"},"title":" """
            + new string('x', Body - 350) + "\"}}}");
        _signature = "v1=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), _body));
        if (Accept() != WebhookOutcome.Accepted || Accept() != WebhookOutcome.AcceptedDuplicate || Refuse() != WebhookOutcome.BadSignature)
        {
            throw new InvalidOperationException("the delivery to measure is not taken as it should be");
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _receiver.Dispose();
        _feeds.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _clients.Dispose();
    }

    [Benchmark]
    public WebhookOutcome Accept() => _receiver.Receive(World.Settings.Key, _signature, "delivery-1", _body);

    [Benchmark]
    public WebhookOutcome Refuse() => _receiver.Receive(World.Settings.Key, "v1=" + new string('0', 64), "delivery-2", _body);

    /// <summary>A PagerDuty that does not answer while it is measured here.</summary>
    private sealed class Silence : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            throw new HttpRequestException("ended");
        }
    }
}
