using System.Runtime.InteropServices;
using Border0.PdSidecar.Engine.Sessions;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>
/// What could not be written yet, in order. Leads to the same as all that was added, but forgets what later entries undo, so that
/// however long a disk stays full, it holds little more than what is open and what is kept. For one thread at a time.
/// </summary>
/// <param name="isStored">Whether a session (organization, key) is on disk from before.</param>
/// <param name="time">Tells which final keys may be used again.</param>
/// <param name="least">How many entries to hold before the first look for what can be forgotten.</param>
internal sealed class JournalBacklog(Func<string, string, bool> isStored, TimeProvider time, int least = 16_384)
{
    private const int MostEmptyRoom = 8192;

    private List<JournalEntry> _entries = [];
    private int _compactAt;

    /// <summary>What is to be written, together or not at all.</summary>
    public IReadOnlyList<JournalEntry> Entries => _entries;

    /// <summary><see cref="Entries"/>, until the next of them is added.</summary>
    public ReadOnlySpan<JournalEntry> Span => CollectionsMarshal.AsSpan(_entries);

    /// <summary>Adds what happened next.</summary>
    public void Add(JournalEntry entry)
    {
        _entries.Add(entry);
        if (_entries.Count >= Math.Max(least, _compactAt))
        {
            Compact();
            _compactAt = 2 * _entries.Count;
        }
    }

    /// <summary>All of it was written.</summary>
    public void Clear()
    {
        _compactAt = 0;
        if (_entries.Capacity > MostEmptyRoom)
        {
            _entries = [];
            return;
        }

        _entries.Clear();
    }

    private void Compact()
    {
        var kept = new List<JournalEntry>();
        var decided = new HashSet<(string Organization, string Key)>();
        var oldest = new Dictionary<(string Organization, string Connector), long>();
        var heads = new HashSet<(string Organization, string Connector)>();
        var now = time.GetUtcNow();

        // From the end: what comes first here is what counts.
        foreach (var entry in Enumerable.Reverse(_entries))
        {
            switch (entry)
            {
                case JournalEntry.SessionPut { Session.Request: var request }:
                    if (decided.Add((request.OrganizationId, request.SessionKey)))
                    {
                        kept.Add(entry);
                    }

                    break;
                case JournalEntry.SessionRemoved removed:
                    KeepRemoval(removed);
                    break;
                case JournalEntry.EventAppended appended:
                    var log = (appended.OrganizationId, appended.ConnectorId);

                    // A log's last event says where the log stands, even when it is trimmed.
                    if (heads.Add(log) || appended.Revision >= oldest.GetValueOrDefault(log))
                    {
                        kept.Add(appended);
                        if (appended.Ended is { } ended)
                        {
                            decided.Add((ended.OrganizationId, ended.SessionKey));
                        }
                    }
                    else if (appended.Ended is { } ended)
                    {
                        KeepRemoval(ended);
                    }

                    break;
                case JournalEntry.EventsTrimmed trimmed:
                    if (oldest.TryAdd((trimmed.OrganizationId, trimmed.ConnectorId), trimmed.OldestRevision))
                    {
                        kept.Add(trimmed);
                    }

                    break;
            }
        }

        kept.Reverse();
        _entries = kept;

        void KeepRemoval(JournalEntry.SessionRemoved removed)
        {
            var isLast = decided.Add((removed.OrganizationId, removed.SessionKey));
            if (removed.FinalUntil > now || (isLast && isStored(removed.OrganizationId, removed.SessionKey)))
            {
                kept.Add(removed);
            }
        }
    }
}
