using Border0.PdSidecar.Engine.Sessions;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>A journal that also tells what was appended to it.</summary>
internal sealed class CountingJournal : ISessionJournal
{
    private readonly MemorySessionJournal _kept = new();

    public event Action? GroupSettled
    {
        add => _kept.GroupSettled += value;
        remove => _kept.GroupSettled -= value;
    }

    /// <summary>Everything that was appended, in order.</summary>
    public List<JournalEntry> Entries { get; } = [];

    public Task<JournalState> LoadAsync(CancellationToken cancellation) => _kept.LoadAsync(cancellation);

    public void Append(JournalEntry entry, Action<JournalEntry, bool>? settled = null)
    {
        Entries.Add(entry);
        _kept.Append(entry, settled);
    }

    public Task FlushAsync(CancellationToken cancellation) => _kept.FlushAsync(cancellation);
}
