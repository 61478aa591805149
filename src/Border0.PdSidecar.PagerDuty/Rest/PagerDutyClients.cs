using System.Net;
using System.Security.Cryptography;
using System.Text;
using Border0.PdSidecar.PagerDuty.Budget;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>
/// Hands out one client, and with it one rate budget, per PagerDuty address and key, so that everything that uses a key
/// shares its limit. Safe from any thread.
/// </summary>
/// <remarks>
/// A key is in memory, as a string, while something polls with it or asked with it some minutes ago: .NET's strings cannot be overwritten
/// before the garbage collector moves or frees them. What clients are found by is the key's hash.
/// </remarks>
public sealed class PagerDutyClients : IDisposable
{
    private const int MaxClients = 4096;

    /// <summary>How long a key that nobody polls with is remembered: one that was only checked is gone from memory then.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string BaseUrl, string Key), Entry> _clients = [];
    private readonly PagerDutyClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpMessageInvoker _pagerDuty;
    private readonly HttpMessageInvoker _allowed;
    private readonly ITimer _sweeping;

    /// <summary>Makes clients over the network.</summary>
    /// <param name="options">How PagerDuty is asked.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Where logs go.</param>
    /// <param name="handler">What sends; null: the network. Disposed of here.</param>
    public PagerDutyClients(
        PagerDutyClientOptions options, TimeProvider time, ILoggerFactory loggers, HttpMessageHandler? handler = null)
    {
        _options = options;
        _time = time;
        _logger = loggers.CreateLogger<PagerDutyClient>();
        _pagerDuty = new HttpMessageInvoker(handler ?? PagerDutyNetwork.ToPagerDuty());
        _allowed = new HttpMessageInvoker(handler ?? PagerDutyNetwork.ToAllowed(options.Addresses, Dns.GetHostAddressesAsync));
        _sweeping = time.CreateTimer(_ => Sweep(), null, Memory, Memory);
    }

    /// <summary>The client for an address and a key; the same one as long as it is in use.</summary>
    public PagerDutyClient For(Uri baseUrl, string apiKey)
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            var key = (baseUrl.AbsoluteUri, Fingerprint(apiKey));
            if (_clients.TryGetValue(key, out var known) && known.Client.TryGetTarget(out var there))
            {
                (known.UsedAt, known.Kept) = (now, there);
                return there;
            }

            if (_clients.Count >= MaxClients)
            {
                // A client that is dropped too early only loses the memory of what its key has spent.
                var oldest = _clients.MinBy(c => c.Value.UsedAt).Key;
                _clients.Remove(oldest);
            }

            var budget = new RateBudget(_time, _options.RateShare);
            var http = PagerDutyAddresses.IsPagerDutys(baseUrl) ? _pagerDuty : _allowed;
            var transport = new PagerDutyTransport(http, baseUrl, apiKey, _options, budget, _time, _logger);
            var client = new PagerDutyClient(transport, budget, _options);
            _clients[key] = new Entry(client, now);
            return client;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sweeping.Dispose();
        _pagerDuty.Dispose();
        _allowed.Dispose();
    }

    private void Sweep()
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            foreach (var (key, entry) in _clients)
            {
                if (_time.GetElapsedTime(entry.UsedAt, now) >= Memory)
                {
                    entry.Kept = null;
                    if (!entry.Client.TryGetTarget(out _))
                    {
                        _clients.Remove(key);
                    }
                }
            }
        }
    }

    private static string Fingerprint(string apiKey) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(apiKey)));

    private sealed class Entry(PagerDutyClient client, long usedAt)
    {
        /// <summary>There as long as somebody polls with it.</summary>
        public WeakReference<PagerDutyClient> Client { get; } = new(client);

        /// <summary>There for a while after it was asked for: the next question finds what the key has spent.</summary>
        public PagerDutyClient? Kept { get; set; } = client;

        public long UsedAt { get; set; } = usedAt;
    }
}
