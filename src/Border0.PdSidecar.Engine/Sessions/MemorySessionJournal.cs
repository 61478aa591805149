namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>A journal that lives as long as its object: for tests, and for a sidecar that is to keep nothing on disk.</summary>
public sealed class MemorySessionJournal : ISessionJournal
{
    private readonly Lock _lock = new();
    private readonly Guid _epoch = Guid.NewGuid();
    private readonly Dictionary<(string, string), JournalSession> _sessions = [];
    private readonly Dictionary<(string, string), DateTimeOffset> _final = [];
    private readonly Dictionary<(string, string), List<JournalEntry.EventAppended>> _events = [];
    private readonly Dictionary<(string, string), long> _heads = [];

    /// <inheritdoc/>
    public event Action? GroupSettled;

    /// <inheritdoc/>
    public Task<JournalState> LoadAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            return Task.FromResult(new JournalState
            {
                Epoch = _epoch,
                Sessions = [.. _sessions.Values],
                Events = [.. _events.Values.SelectMany(e => e)],
                Heads = new Dictionary<(string, string), long>(_heads),
                FinalKeys = [.. _final.Select(f => (f.Key.Item1, f.Key.Item2, f.Value))],
            });
        }
    }

    /// <inheritdoc/>
    public void Append(JournalEntry entry, Action<JournalEntry, bool>? settled = null)
    {
        lock (_lock)
        {
            Put(entry);

            // Under the lock, since callbacks come in the order of the entries.
            settled?.Invoke(entry, true);
        }

        GroupSettled?.Invoke();
    }

    /// <inheritdoc/>
    public Task FlushAsync(CancellationToken cancellation) => Task.CompletedTask;

    private void Put(JournalEntry entry)
    {
        switch (entry)
        {
            case JournalEntry.SessionPut put:
                _sessions[(put.Session.Request.OrganizationId, put.Session.Request.SessionKey)] = put.Session;
                break;
            case JournalEntry.SessionRemoved removed:
                _sessions.Remove((removed.OrganizationId, removed.SessionKey));
                if (removed.FinalUntil is { } until)
                {
                    _final[(removed.OrganizationId, removed.SessionKey)] = until;
                }

                break;
            case JournalEntry.EventAppended appended:
                var key = (appended.OrganizationId, appended.ConnectorId);
                (_events.TryGetValue(key, out var events) ? events : _events[key] = []).Add(appended);
                _heads[key] = appended.Revision;
                if (appended.Ended is { } ended)
                {
                    Put(ended);
                }

                break;
            case JournalEntry.EventsTrimmed trimmed:
                _events.GetValueOrDefault((trimmed.OrganizationId, trimmed.ConnectorId))?.RemoveAll(e => e.Revision < trimmed.OldestRevision);
                break;
        }
    }
}
