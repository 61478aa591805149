using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>A watch that stays up and is read message by message.</summary>
internal sealed class LiveWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _hangUp = new();
    private readonly IAsyncEnumerator<WatchSessionsResponse> _messages;
    private Task<bool>? _next;

    public LiveWatch(World world, string token = "")
    {
        Watch = world.Sessions.Watch(World.Organization, World.Connector, token, [], TimeSpan.FromSeconds(1), _ => []);
        _messages = Watch.ReadAllAsync(_hangUp.Token).Select(m => m.Read()).GetAsyncEnumerator();
    }

    public SessionWatch Watch { get; }

    /// <summary>The next message, heartbeats included. It is there or about to be: the limit only keeps a failure from hanging.</summary>
    public async Task<WatchSessionsResponse> NextAsync()
    {
        Assert.True(await Asked().WaitAsync(TimeSpan.FromSeconds(60)));
        _next = null;
        return _messages.Current;
    }

    /// <summary>The next message that is no heartbeat.</summary>
    public async Task<WatchSessionsResponse> NextEventAsync()
    {
        WatchSessionsResponse message;
        do
        {
            message = await NextAsync();
        }
        while (message.Heartbeat is not null);
        return message;
    }

    /// <summary>Asks for the next message without waiting; whether none is there.</summary>
    public bool NothingYet() => !Asked().IsCompleted;

    public async ValueTask DisposeAsync()
    {
        await _hangUp.CancelAsync();
        if (_next is not null)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _next);
        }

        await _messages.DisposeAsync();
        Watch.Dispose();
        _hangUp.Dispose();
    }

    private Task<bool> Asked() => _next ??= _messages.MoveNextAsync().AsTask();
}
