using System.Net;
using Border0.PdSidecar.PagerDuty.Budget;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>
/// Hands out one client, and with it one rate budget, per PagerDuty address and key, so that everything that uses a key
/// shares its limit. Safe from any thread.
/// </summary>
public sealed class PagerDutyClients : IDisposable
{
    private const int MaxClients = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string BaseUrl, string ApiKey), Entry> _clients = [];
    private readonly PagerDutyClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpMessageInvoker _http;

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
        _http = new HttpMessageInvoker(handler ?? Network());
    }

    /// <summary>The client for an address and a key; the same one as long as it is in use.</summary>
    public PagerDutyClient For(Uri baseUrl, string apiKey)
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            if (_clients.TryGetValue((baseUrl.AbsoluteUri, apiKey), out var known))
            {
                known.UsedAt = now;
                return known.Client;
            }

            if (_clients.Count >= MaxClients)
            {
                // A client that is dropped too early only loses the memory of what its key has spent.
                var oldest = _clients.MinBy(c => c.Value.UsedAt).Key;
                _clients.Remove(oldest);
            }

            var budget = new RateBudget(_time, _options.RateShare);
            var transport = new PagerDutyTransport(_http, baseUrl, apiKey, _options, budget, _time, _logger);
            var client = new PagerDutyClient(transport, budget, _options);
            _clients.Add((baseUrl.AbsoluteUri, apiKey), new Entry(client, now));
            return client;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static SocketsHttpHandler Network() => new()
    {
        // A redirect would take the key to another host.
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Deflate,
        // DNS changes are followed, also by busy connections.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = TimeSpan.FromSeconds(10),
    };

    private sealed class Entry(PagerDutyClient client, long usedAt)
    {
        public PagerDutyClient Client { get; } = client;

        public long UsedAt { get; set; } = usedAt;
    }
}
