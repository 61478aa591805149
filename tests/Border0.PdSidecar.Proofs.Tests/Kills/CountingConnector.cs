using System.Collections.Concurrent;
using System.Net.Sockets;
using Border0.PdSidecar.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Border0.PdSidecar.Proofs.Tests.Kills;

/// <summary>
/// A connector on the Unix socket that outlives the sidecar: opens sessions as fast as it is answered, comes back with its resume
/// token and its active sessions, and counts what it is told about each.
/// </summary>
internal sealed class CountingConnector : IAsyncDisposable
{
    private readonly string _id;
    private readonly GrpcChannel _channel;
    private readonly EvaluationService.EvaluationServiceClient _sidecar;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, EvaluateRequest> _held = new();
    private readonly ConcurrentDictionary<string, string> _opened = new();
    private readonly Task _watching;
    private string _token = "";

    public CountingConnector(string socket, string id)
    {
        _id = id;
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var to = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await to.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                    return new NetworkStream(to, ownsSocket: true);
                },
            },
            DisposeHttpClient = true,
            // Back at once when the sidecar is: gRPC's own waiting would hide what comes in between.
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(10),
            MaxReconnectBackoff = TimeSpan.FromMilliseconds(20),
        });
        _sidecar = new EvaluationService.EvaluationServiceClient(_channel);
        _watching = WatchAsync();
    }

    /// <summary>The sockets of the sessions that were ever allowed, by session key.</summary>
    public IReadOnlyDictionary<string, string> Opened => _opened;

    /// <summary>The keys of the sessions that it holds.</summary>
    public ICollection<string> Held => _held.Keys;

    /// <summary>How often each session was revoked, by session key.</summary>
    public ConcurrentDictionary<string, int> Revoked { get; } = new();

    /// <summary>Events that did not follow upon the one before.</summary>
    public ConcurrentQueue<string> OutOfOrder { get; } = new();

    /// <summary>How often the watch was answered.</summary>
    public int Subscriptions { get; private set; }

    /// <summary>How often the sidecar could not resume.</summary>
    public int Resyncs { get; private set; }

    /// <summary>Opens sessions until there is no answer any more.</summary>
    public async Task OpenUntilGoneAsync(Func<(string Key, string Socket)> next)
    {
        while (true)
        {
            var (key, socket) = next();
            var request = new EvaluateRequest { ConnectorId = _id, SocketId = socket, SocketType = "ssh", UserEmail = "alice@example.com", SessionKey = key };
            try
            {
                var answer = await _sidecar.EvaluateAsync(request, deadline: DateTime.UtcNow.AddSeconds(60));
                if (answer.Decision == Decision.Allow)
                {
                    _opened[key] = socket;
                    _held[key] = request;
                    if (Revoked.ContainsKey(key))
                    {
                        // The event was faster than the answer.
                        _held.TryRemove(key, out _);
                    }
                }
            }
            catch (RpcException)
            {
                // No decision: the connection is not let in.
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _channel.Dispose();
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        long revision = 0;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var call = _sidecar.WatchSessions(Subscription(), cancellationToken: _stop.Token);
                var first = true;
                await foreach (var message in call.ResponseStream.ReadAllAsync(_stop.Token))
                {
                    Subscriptions += first ? 1 : 0;
                    first = false;
                    if (message.ResyncRequired is not null)
                    {
                        Resyncs++;
                        (_token, revision) = ("", 0);
                        break;
                    }

                    if (message.Revision < revision || (message.EventCase != WatchSessionsResponse.EventOneofCase.Heartbeat && message.Revision == revision))
                    {
                        OutOfOrder.Enqueue($"revision {message.Revision} after {revision}: {message}");
                    }

                    (_token, revision) = (message.ResumeToken, message.Revision);
                    if (message.SessionRevoked is { } revoked)
                    {
                        Revoked.AddOrUpdate(revoked.SessionKey, 1, (_, n) => n + 1);
                        _held.TryRemove(revoked.SessionKey, out _);
                    }
                }
            }
            catch (RpcException)
            {
                // Killed; it comes back.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), CancellationToken.None);
        }
    }

    private WatchSessionsRequest Subscription()
    {
        var request = new WatchSessionsRequest { ConnectorId = _id, ResumeToken = _token };
        request.ActiveSessions.AddRange(_held.Values.Select(h => new ActiveSession
        {
            SessionKey = h.SessionKey,
            SocketId = h.SocketId,
            SocketType = h.SocketType,
            UserEmail = h.UserEmail,
        }));
        return request;
    }
}
