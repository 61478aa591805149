using System.Threading.Channels;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Testing;

/// <summary>A connector's watch as a raw gRPC stream, with heartbeats and events told apart.</summary>
public sealed class Watching : IAsyncDisposable
{
    private readonly AsyncServerStreamingCall<WatchSessionsResponse> _call;
    private readonly Channel<WatchSessionsResponse> _events = Channel.CreateUnbounded<WatchSessionsResponse>();
    private readonly Task _reading;

    private Watching(AsyncServerStreamingCall<WatchSessionsResponse> call, WatchSessionsResponse first)
    {
        _call = call;
        First = first;
        LastToken = first.ResumeToken;
        Sort(first);
        _reading = ReadAsync();
    }

    /// <summary>The first message, which comes at once.</summary>
    public WatchSessionsResponse First { get; }

    /// <summary>The token of the last message that arrived.</summary>
    public string LastToken { get; private set; }

    /// <summary>How many messages have arrived, heartbeats included.</summary>
    public int Messages { get; private set; }

    public static async Task<Watching> StartAsync(EvaluationService.EvaluationServiceClient client, WatchSessionsRequest request)
    {
        var call = client.WatchSessions(request);
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return await call.ResponseStream.MoveNext(bound.Token)
            ? new Watching(call, call.ResponseStream.Current)
            : throw new InvalidOperationException("the watch ended before its first message");
    }

    /// <summary>The next message that is not a heartbeat.</summary>
    public async Task<WatchSessionsResponse> NextAsync(TimeSpan? atMost = null)
    {
        using var bound = new CancellationTokenSource(atMost ?? TimeSpan.FromSeconds(60));
        return await _events.Reader.ReadAsync(bound.Token);
    }

    /// <summary>The events that have arrived and nobody has taken yet.</summary>
    public IReadOnlyList<WatchSessionsResponse> Waiting()
    {
        var waiting = new List<WatchSessionsResponse>();
        while (_events.Reader.TryRead(out var message))
        {
            waiting.Add(message);
        }

        return waiting;
    }

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        await _reading;
    }

    private async Task ReadAsync()
    {
        try
        {
            await foreach (var message in _call.ResponseStream.ReadAllAsync())
            {
                LastToken = message.ResumeToken;
                Messages++;
                Sort(message);
            }

            _events.Writer.TryComplete();
        }
        catch (RpcException e)
        {
            _events.Writer.TryComplete(e);
        }
    }

    private void Sort(WatchSessionsResponse message)
    {
        if (message.EventCase is not WatchSessionsResponse.EventOneofCase.Heartbeat)
        {
            _events.Writer.TryWrite(message);
        }
    }
}
