namespace Border0.PdSidecar.DecisionLog;

/// <summary>
/// What happened while the queue was full: entries that must not be lost, and how many others were. Each knows after how many entries
/// of the queue it belongs. Rarely used, so a lock is good enough.
/// </summary>
/// <param name="most">How many entries are kept at most; more are counted as missing.</param>
internal sealed class SideEntries(int most)
{
    private readonly Lock _lock = new();
    private readonly Queue<(long After, LogEntry Entry)> _entries = new();
    private Gap _gap;
    private long _gapAfter;
    private volatile bool _any;

    /// <summary>Whether there may be something; exact for whoever added it.</summary>
    public bool Any => _any;

    /// <summary>How many entries are kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Keeps an entry; false when there are too many, and it is counted as missing.</summary>
    public bool Add(long after, in LogEntry entry)
    {
        lock (_lock)
        {
            _any = true;
            if (_entries.Count < most)
            {
                _entries.Enqueue((after, entry));
                return true;
            }

            Miss(after, entry.Ticks);
            return false;
        }
    }

    /// <summary>Counts an entry as missing.</summary>
    public void AddMissing(long after, long ticks)
    {
        lock (_lock)
        {
            _any = true;
            Miss(after, ticks);
        }
    }

    /// <summary>Takes the next thing that belongs after so many entries of the queue: a gap, or an entry.</summary>
    public bool TryTake(long taken, out Gap gap, out LogEntry entry)
    {
        (gap, entry) = (default, default);
        lock (_lock)
        {
            if (_gap.Missing > 0 && _gapAfter <= taken)
            {
                (gap, _gap) = (_gap, default);
            }
            else if (_entries.TryPeek(out var next) && next.After <= taken)
            {
                entry = _entries.Dequeue().Entry;
            }
            else
            {
                return false;
            }

            _any = _gap.Missing > 0 || _entries.Count > 0;
            return true;
        }
    }

    private void Miss(long after, long ticks)
    {
        _gapAfter = _gap.Missing == 0 ? after : _gapAfter;
        _gap = _gap.And(new Gap(1, ticks, ticks));
    }
}
