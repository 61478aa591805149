using System.Threading.Channels;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Client.Tests;

/// <summary>A handler that keeps what it is told, and does what the test wants meanwhile.</summary>
internal sealed class RecordingHandler : ISessionHandler
{
    private readonly Channel<(string Kind, string Key, SessionEnd? End)> _told = Channel.CreateUnbounded<(string, string, SessionEnd?)>();

    /// <summary>Runs before a call returns.</summary>
    public Func<string, CancellationToken, Task> Meanwhile { get; set; } = (_, _) => Task.CompletedTask;

    public int Waiting => _told.Reader.Count;

    public async Task<(string Kind, string Key, SessionEnd? End)> NextAsync() =>
        await _told.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));

    public ValueTask EndAsync(SessionEnd end, CancellationToken cancellation) => TellAsync("end", end.SessionKey, end, cancellation);

    public ValueTask ExpiringAsync(SessionExpiring expiring, CancellationToken cancellation) =>
        TellAsync("expiring", expiring.SessionKey, null, cancellation);

    public ValueTask ActionsChangedAsync(SessionActionsChanged changed, CancellationToken cancellation) =>
        TellAsync("changed", changed.SessionKey, null, cancellation);

    private async ValueTask TellAsync(string kind, string key, SessionEnd? end, CancellationToken cancellation)
    {
        _told.Writer.TryWrite((kind, key, end));
        await Meanwhile(key, cancellation);
    }
}
