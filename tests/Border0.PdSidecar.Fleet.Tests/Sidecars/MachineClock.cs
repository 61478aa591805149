namespace Border0.PdSidecar.Fleet.Tests.Sidecars;

/// <summary>
/// The clock and the timers of one machine: it may be ahead of the others, and it may stand still as a stopped process does, for which
/// time goes on all the same.
/// </summary>
public sealed class MachineClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<HeldTimer> _waiting = [];
    private bool _stopped;

    /// <summary>By how much it is ahead of the true time.</summary>
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new HeldTimer(this, callback, state, dueTime, period);

    /// <summary>No timer fires any more.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
        }
    }

    /// <summary>Those that would have fired do now.</summary>
    public void GoOn()
    {
        List<HeldTimer> due;
        lock (_lock)
        {
            _stopped = false;
            due = [.. _waiting];
            _waiting.Clear();
        }

        due.ForEach(t => t.Fire());
    }

    private bool Holds(HeldTimer timer)
    {
        lock (_lock)
        {
            if (_stopped)
            {
                _waiting.Add(timer);
            }

            return _stopped;
        }
    }

    private sealed class HeldTimer : ITimer
    {
        private readonly MachineClock _clock;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private readonly ITimer _timer;
        private volatile bool _ended;

        public HeldTimer(MachineClock clock, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_clock, _callback, _state) = (clock, callback, state);
            _timer = System.CreateTimer(_ => Due(), null, dueTime, period);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => _timer.Change(dueTime, period);

        public void Fire()
        {
            if (!_ended)
            {
                _callback(_state);
            }
        }

        public void Dispose()
        {
            _ended = true;
            _timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            _ended = true;
            return _timer.DisposeAsync();
        }

        private void Due()
        {
            if (!_clock.Holds(this))
            {
                Fire();
            }
        }
    }
}
