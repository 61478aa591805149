namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// Everything that is due at a known instant, behind one timer that is armed for the earliest. Costs nothing while nothing is due.
/// Thread-safe; <c>onDue</c> is called on the timer's thread, never before the instant.
/// </summary>
internal sealed class DueTimes<T> : IDisposable
    where T : class
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<T, DateTimeOffset> _queue = new();
    private readonly TimeProvider _time;
    private readonly Action<T> _onDue;
    private readonly ITimer _timer;
    private DateTimeOffset _armed = DateTimeOffset.MaxValue;
    private bool _disposed;

    public DueTimes(TimeProvider time, Action<T> onDue)
    {
        (_time, _onDue) = (time, onDue);
        _timer = time.CreateTimer(_ => Fire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(T item, DateTimeOffset due)
    {
        lock (_lock)
        {
            _queue.Enqueue(item, due);
            Arm();
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
                _armed = DateTimeOffset.MaxValue;
                if (_disposed || !_queue.TryPeek(out _, out var due) || due > _time.GetUtcNow())
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
        var wait = due - _time.GetUtcNow();

        // Timers count whole milliseconds and may cut the rest off: a millisecond late is better than one early.
        var milliseconds = Math.Clamp(Math.Ceiling(wait.TotalMilliseconds), 0, 40_000_000);
        _timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
    }
}
