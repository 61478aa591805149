using System.Collections.Concurrent;
using System.Diagnostics;
using Border0.PdSidecar.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Border0.PdSidecar.Proofs.Tests.Latency;

/// <summary>Many connectors that watch, and the sessions that they hold.</summary>
internal sealed class FanOut : IAsyncDisposable
{
    private const int ConnectorsPerChannel = 10;

    private readonly List<GrpcChannel> _channels = [];
    private readonly List<AsyncServerStreamingCall<WatchSessionsResponse>> _calls = [];
    private readonly List<Task> _reading = [];
    private readonly ConcurrentDictionary<string, (RevocationCause Cause, long At, int Times)> _revoked = new();
    private readonly int _connectors;
    private int _sessions;

    private FanOut(int connectors) => _connectors = connectors;

    /// <summary>When each revocation reached its connector (by <see cref="Stopwatch.GetTimestamp"/>), by session key.</summary>
    public IReadOnlyDictionary<string, (RevocationCause Cause, long At, int Times)> Revoked => _revoked;

    public static async Task<FanOut> StartAsync(string grpcTcp, int connectors)
    {
        var fanOut = new FanOut(connectors);
        for (var i = 0; i < connectors; i++)
        {
            if (i % ConnectorsPerChannel == 0)
            {
                fanOut._channels.Add(GrpcChannel.ForAddress("http://" + grpcTcp));
            }

            var call = fanOut.Client(i).WatchSessions(new WatchSessionsRequest { ConnectorId = $"c{i}" });
            if (!await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                throw new InvalidOperationException("a watch ended before its first message");
            }

            fanOut._calls.Add(call);
            fanOut._reading.Add(Task.Run(() => fanOut.ReadAsync(call)));
        }

        return fanOut;
    }

    /// <summary>Opens sessions on a socket, spread over the connectors, and returns their keys.</summary>
    public async Task<IReadOnlyList<string>> OpenAsync(string socket, int count, string user = "alice@example.com")
    {
        var keys = Enumerable.Range(0, count).Select(_ => $"{socket}-{_sessions++}").ToList();
        await Parallel.ForEachAsync(keys.Index(), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (key, cancellation) =>
        {
            var answer = await Client(key.Index % _connectors).EvaluateAsync(
                new EvaluateRequest
                {
                    ConnectorId = $"c{key.Index % _connectors}",
                    SocketId = socket,
                    SocketType = "ssh",
                    UserEmail = user,
                    SessionKey = key.Item,
                },
                cancellationToken: cancellation);
            if (answer.Decision != Decision.Allow)
            {
                throw new InvalidOperationException($"not allowed: {answer}");
            }
        });
        return keys;
    }

    /// <summary>Waits for the revocations of sessions and returns how long each took, in milliseconds, sorted.</summary>
    public async Task<double[]> LatenciesAsync(IReadOnlyList<string> keys, long from, RevocationCause cause, TimeSpan atMost)
    {
        await Eventually.SeesAsync(() => keys.All(_revoked.ContainsKey) ? "all" : null, $"{keys.Count} revocations ({cause})", atMost);
        Assert.All(keys, k => Assert.Equal((cause, 1), (_revoked[k].Cause, _revoked[k].Times)));
        return [.. keys.Select(k => Stopwatch.GetElapsedTime(from, _revoked[k].At).TotalMilliseconds).Order()];
    }

    public async ValueTask DisposeAsync()
    {
        _calls.ForEach(c => c.Dispose());
        await Task.WhenAll(_reading);
        _channels.ForEach(c => c.Dispose());
    }

    private EvaluationService.EvaluationServiceClient Client(int connector) => new(_channels[connector / ConnectorsPerChannel]);

    private async Task ReadAsync(AsyncServerStreamingCall<WatchSessionsResponse> call)
    {
        try
        {
            await foreach (var message in call.ResponseStream.ReadAllAsync())
            {
                if (message.SessionRevoked is { } revoked)
                {
                    var at = Stopwatch.GetTimestamp();
                    _revoked.AddOrUpdate(revoked.SessionKey, (revoked.Cause, at, 1), (_, r) => r with { Times = r.Times + 1 });
                }
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Cancelled)
        {
            // Disposed of.
        }
    }
}
