namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// Everything that is due at a known instant, behind one timer that is armed for the earliest. Costs next to nothing while nothing
/// is due. Thread-safe; <c>onDue</c> is called on the timer's thread, never before the instant.
/// </summary>
internal sealed class DueTimes<T> : IDisposable
    where T : class
{
    /// <summary>Timers do not see the clock being set: it is looked at this often, so that a step forward makes nothing late by more.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private const int MostOver = 1024;

    private readonly Lock _lock = new();
    private readonly PriorityQueue<T, long> _queue = new();
    private readonly TimeProvider _time;
    private readonly Action<T> _onDue;
    private readonly Func<T, bool> _isOver;
    private readonly ITimer _timer;
    private long _armed = long.MaxValue;
    private int _over;
    private bool _disposed;

    public DueTimes(TimeProvider time, Action<T> onDue, Func<T, bool> isOver)
    {
        (_time, _onDue, _isOver) = (time, onDue, isOver);
        _timer = time.CreateTimer(_ => Fire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(T item, DateTimeOffset due)
    {
        lock (_lock)
        {
            _queue.Enqueue(item, due.UtcTicks);
            Arm();
        }
    }

    /// <summary>An item is over: its entries need not be kept until they are due, which may be a day away.</summary>
    public void Drop()
    {
        lock (_lock)
        {
            if (++_over < MostOver || _over * 2 < _queue.Count)
            {
                return;
            }

            var left = _queue.UnorderedItems.Where(e => !_isOver(e.Element)).ToList();
            _queue.Clear();
            _queue.EnqueueRange(left);
            _over = 0;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _queue.Clear();
        }

        _timer.Dispose();
    }

    private void Fire()
    {
        while (true)
        {
            T item;
            lock (_lock)
            {
                _armed = long.MaxValue;
                if (_disposed || !_queue.TryPeek(out _, out var due) || due > _time.GetUtcNow().UtcTicks)
                {
                    Arm();
                    return;
                }

                item = _queue.Dequeue();
            }

            _onDue(item);
        }
    }

    private void Arm()
    {
        if (_disposed || !_queue.TryPeek(out _, out var due) || due >= _armed)
        {
            return;
        }

        _armed = due;
        var wait = TimeSpan.FromTicks(due - _time.GetUtcNow().UtcTicks);

        // Timers count whole milliseconds and may cut the rest off: a millisecond late is better than one early.
        var milliseconds = Math.Clamp(Math.Ceiling(wait.TotalMilliseconds), 0, LongestWait.TotalMilliseconds);
        _timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
    }
}
