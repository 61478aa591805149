using System.Collections.Concurrent;
using Border0.PdSidecar.Engine.Sessions;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>
/// A journal on a slow disk: what is appended is durable, and said to be, only once it is let through. What was not let through
/// when the process ends is lost.
/// </summary>
internal sealed class HeldJournal : ISessionJournal
{
    private readonly MemorySessionJournal _disk = new();
    private readonly ConcurrentQueue<(JournalEntry Entry, Action<JournalEntry, bool>? Settled)> _waiting = [];
    private readonly Queue<JournalEntry> _unrecorded = [];

    /// <summary>Entries that are not durable yet.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Lets the oldest entries through.</summary>
    public void LetThrough(int most = int.MaxValue)
    {
        while (_unrecorded.TryDequeue(out var entry))
        {
            _disk.Append(entry);
        }

        for (; most > 0 && _waiting.TryDequeue(out var next); most--)
        {
            _disk.Append(next.Entry);
            next.Settled?.Invoke(next.Entry, true);
        }

        GroupSettled?.Invoke();
    }

    /// <summary>The disk is full: what waits goes on without it, and is written before what is let through next.</summary>
    public void GiveUp()
    {
        while (_waiting.TryDequeue(out var next))
        {
            _unrecorded.Enqueue(next.Entry);
            next.Settled?.Invoke(next.Entry, false);
        }

        GroupSettled?.Invoke();
    }

    /// <summary>The process is killed.</summary>
    public void Lose()
    {
        _waiting.Clear();
        _unrecorded.Clear();
    }

    public event Action? GroupSettled;

    public Task<JournalState> LoadAsync(CancellationToken cancellation) => _disk.LoadAsync(cancellation);

    public void Append(JournalEntry entry, Action<JournalEntry, bool>? settled = null) => _waiting.Enqueue((entry, settled));

    public Task FlushAsync(CancellationToken cancellation)
    {
        LetThrough();
        return Task.CompletedTask;
    }
}
