using System.Security.Cryptography;
using System.Text;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>What takes webhooks, for an integration whose facts are known.</summary>
internal sealed class WebhookRoom : IAsyncDisposable
{
    public const string Secret = "the secret of the subscription";

    private readonly FakeTimeProvider _time = new(Account.Now);
    private readonly FactsStore _facts = new();
    private readonly PolicySnapshot _policies = Account.Policies();
    private readonly PagerDutyClients _clients;
    private readonly PagerDutyFeeds _feeds;
    private readonly WebhookReceiver _receiver;

    public WebhookRoom()
    {
        _clients = new PagerDutyClients(
            new PagerDutyClientOptions { Addresses = new PagerDutyAddresses { Allowed = StubPagerDuty.BaseUrl } }, _time, NullLoggerFactory.Instance, new StubPagerDuty(Account.At));
        _feeds = new PagerDutyFeeds(_facts, _clients, new PagerDutyFeedOptions(), _time, NullLoggerFactory.Instance);
        _feeds.Apply([new IntegrationConnection(Account.Integration, "key", StubPagerDuty.BaseUrl, ["another secret", Secret], new HashSet<string> { Account.Service })]);
        _receiver = new WebhookReceiver(_feeds);
        _feeds.EnsureKnownAsync(Account.Integration, Account.Service, CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    /// <summary>The signature that PagerDuty would send along.</summary>
    public static string Sign(ReadOnlySpan<byte> body) => "v1=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), body));

    /// <summary>Delivers, and decides on what is known then.</summary>
    public WebhookOutcome Deliver(string? signature, byte[] body)
    {
        var outcome = _receiver.Receive(Account.Integration, signature, null, body);
        Account.Decide(_policies, _facts.Current);
        return outcome;
    }

    public async ValueTask DisposeAsync()
    {
        _receiver.Dispose();
        await _feeds.DisposeAsync();
        _clients.Dispose();
    }
}
