using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// One connector's event log: ordered by revision, bounded, shared by all of the connector's watchers, each of which reads at its
/// own cursor. An event is given to watchers once the journal has it, so that after a crash the same revision never means
/// something else; where the journal cannot have it (a full disk), its token is of a history that ends with the process, and a
/// restart that does not know the event asks for a resync. Thread-safe.
/// </summary>
internal sealed class ConnectorLog
{
    private readonly Lock _lock = new();
    private readonly ISessionJournal _journal;
    private readonly SessionOptions _options;
    private readonly Action<ConnectorLog> _tellPublished;
    private readonly Action<JournalEntry, bool> _settled;
    private readonly LinkedList<JournalEntry.EventAppended> _events = new();
    private readonly (Guid Recorded, Guid Unrecorded) _epochs;
    private readonly uint _tokenLog;
    private long _head;
    private long _published;
    private long _recorded;
    private long _oldest = 1;
    private long _lastHeardTicks;
    private int _openSessions;
    private bool _isTold;
    private volatile SessionWatch[] _watches = [];

    public ConnectorLog(string organizationId, string connectorId, (Guid Recorded, Guid Unrecorded) epochs, ISessionJournal journal, SessionOptions options, Action<ConnectorLog> published)
    {
        (OrganizationId, ConnectorId, _epochs, _journal, _options, _tellPublished) = (organizationId, connectorId, epochs, journal, options, published);
        _tokenLog = ResumeToken.LogOf(organizationId, connectorId);
        _settled = (entry, recorded) => Publish((JournalEntry.EventAppended)entry, recorded);
    }

    public string OrganizationId { get; }

    public string ConnectorId { get; }

    /// <summary>The revision of the last event, given to watchers or not yet.</summary>
    public long Head => Volatile.Read(ref _head);

    /// <summary>The revision of the last event that watchers may see.</summary>
    public long Published => Volatile.Read(ref _published);

    /// <summary>The oldest revision that can still be read.</summary>
    public long Oldest => Volatile.Read(ref _oldest);

    /// <summary>Whoever watches at this moment. Asked without a lock.</summary>
    public IReadOnlyList<SessionWatch> Watches => _watches;

    public bool IsWatched => _watches.Length > 0;

    /// <summary>How many sessions of the connector are open.</summary>
    public int OpenSessions => Volatile.Read(ref _openSessions);

    /// <summary>One more session of the connector is open, or one less.</summary>
    /// <returns>How many there are then.</returns>
    public int Count(int change) => Interlocked.Add(ref _openSessions, change);

    /// <summary>When the connector was last heard of.</summary>
    public DateTimeOffset LastHeard
    {
        get => new(Interlocked.Read(ref _lastHeardTicks), TimeSpan.Zero);
        set => Interlocked.Exchange(ref _lastHeardTicks, value.UtcTicks);
    }

    public ResumeToken TokenAt(long revision) =>
        new(revision <= Volatile.Read(ref _recorded) ? _epochs.Recorded : _epochs.Unrecorded, _tokenLog, revision);

    public bool IsOfThisLog(ResumeToken token) =>
        (token.Epoch == _epochs.Recorded || token.Epoch == _epochs.Unrecorded) && token.Log == _tokenLog;

    /// <summary>Puts back what the journal kept.</summary>
    public void Restore(long head, IEnumerable<JournalEntry.EventAppended> events)
    {
        lock (_lock)
        {
            foreach (var e in events)
            {
                // It may have got its token while it could not be recorded.
                e.Message.Tell(new ResumeToken(_epochs.Recorded, _tokenLog, e.Revision));
                _events.AddLast(e);
            }

            _head = _published = _recorded = Math.Max(head, _events.Last?.Value.Revision ?? 0);
            _oldest = _events.First?.Value.Revision ?? _head + 1;
        }
    }

    /// <summary>Appends an event.</summary>
    /// <param name="message">The event. Not changed.</param>
    /// <param name="now">When.</param>
    /// <returns>Its revision.</returns>
    public long Append(WatchSessionsResponse message, DateTimeOffset now)
    {
        var (body, revokedKey) = WatchMessage.Split(message);
        return Append(body, revokedKey, now, null);
    }

    /// <summary>Appends an event that is bytes already.</summary>
    /// <param name="body">The <see cref="WatchMessage.Body"/> of its message.</param>
    /// <param name="revokedKey">The key of the session that it revokes; null for none.</param>
    /// <param name="now">When.</param>
    /// <param name="ended">The session that it ends.</param>
    /// <returns>Its revision.</returns>
    public long Append(byte[] body, string? revokedKey, DateTimeOffset now, JournalEntry.SessionRemoved? ended)
    {
        lock (_lock)
        {
            var revision = _head + 1;
            var message = WatchMessage.Of(body, revokedKey, revision, new ResumeToken(_epochs.Recorded, _tokenLog, revision));
            var entry = new JournalEntry.EventAppended(OrganizationId, ConnectorId, revision, now, message, ended);
            _events.AddLast(entry);
            Volatile.Write(ref _head, revision);
            _journal.Append(entry, _settled);
            Trim(now);
            return revision;
        }
    }

    /// <summary>Reads published events after a revision.</summary>
    /// <returns>False when some of them are not kept any more.</returns>
    public bool TryRead(long after, int most, List<WatchMessage> into)
    {
        lock (_lock)
        {
            if (after + 1 < _oldest && after < _head)
            {
                return false;
            }

            // From the end, where nearly every reader is.
            var node = _events.Last;
            while (node?.Previous is { } previous && previous.Value.Revision > after)
            {
                node = previous;
            }

            for (; node is not null && into.Count < most && node.Value.Revision <= _published; node = node.Next)
            {
                if (node.Value.Revision > after)
                {
                    into.Add(node.Value.Message);
                }
            }

            return true;
        }
    }

    /// <summary>The sessions that were revoked after a revision, whether watchers may see it already or not.</summary>
    public HashSet<string> RevokedAfter(long revision)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        lock (_lock)
        {
            for (var node = _events.Last; node is not null && node.Value.Revision > revision; node = node.Previous)
            {
                if (node.Value.Message.RevokedKey is { } key)
                {
                    keys.Add(key);
                }
            }
        }

        return keys;
    }

    public void Add(SessionWatch watch)
    {
        lock (_lock)
        {
            _watches = [.. _watches, watch];
        }
    }

    public void Remove(SessionWatch watch)
    {
        lock (_lock)
        {
            _watches = [.. _watches.Where(w => w != watch)];
        }
    }

    /// <summary>Wakes whoever watches: something was published since it was called last.</summary>
    public void WakeWatches()
    {
        lock (_lock)
        {
            _isTold = false;
            foreach (var watch in _watches)
            {
                watch.Wake();
            }
        }
    }

    private void Publish(JournalEntry.EventAppended entry, bool recorded)
    {
        lock (_lock)
        {
            if (recorded)
            {
                Volatile.Write(ref _recorded, entry.Revision);
            }
            else
            {
                // No watcher has it yet, and the journal is not at it while it calls.
                entry.Message.Tell(TokenAt(entry.Revision));
            }

            Volatile.Write(ref _published, entry.Revision);
            if (_isTold)
            {
                return;
            }

            _isTold = true;
        }

        _tellPublished(this);
    }

    private void Trim(DateTimeOffset now)
    {
        var oldest = _oldest;
        while (_events.First is { } first
            && (_events.Count > _options.MaxEventsPerConnector || now - first.Value.Time > _options.EventRetention)
            && first.Value.Revision <= _published)
        {
            _events.RemoveFirst();
            oldest = first.Value.Revision + 1;
        }

        if (oldest != _oldest)
        {
            Volatile.Write(ref _oldest, oldest);
            _journal.Append(new JournalEntry.EventsTrimmed(OrganizationId, ConnectorId, oldest));
        }
    }
}
