namespace Border0.PdSidecar.Client.Watch;

/// <summary>
/// Knows whether a revocation could arrive, and ends sessions when it could not for too long. Called from any thread.
/// </summary>
internal sealed class Liveness : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeSpan _bound;
    private readonly TimeProvider _time;
    private readonly HeldSessions _sessions;
    private readonly Action<IReadOnlyList<Delivery>> _deliver;
    private readonly ITimer _timer;
    private TaskCompletionSource _ready = NewSource();
    private volatile bool _alive;
    private long _heardAt;
    private bool _streaming;
    private bool _busy;

    public Liveness(TimeSpan bound, TimeProvider time, HeldSessions sessions, Action<IReadOnlyList<Delivery>> deliver)
    {
        (_bound, _time, _sessions, _deliver) = (bound, time, sessions, deliver);
        _timer = time.CreateTimer(_ => Check(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A message arrived within the bound: what is revoked now is going to be known in time.</summary>
    public bool IsAlive => _alive;

    /// <summary>The stream is up: its first message has arrived.</summary>
    public bool IsStreaming
    {
        get
        {
            lock (_lock)
            {
                return _streaming;
            }
        }
    }

    /// <summary>The stream is not read for now, since the handler is behind.</summary>
    public bool IsBusy
    {
        get
        {
            lock (_lock)
            {
                return _busy;
            }
        }
    }

    /// <summary>Waits until sessions may be opened: the watch is up, or was moments ago and can be resumed.</summary>
    public Task WhenReadyAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            return _ready.Task.WaitAsync(cancellation);
        }
    }

    /// <summary>A message arrived.</summary>
    public void Heard()
    {
        lock (_lock)
        {
            _heardAt = _time.GetTimestamp();
            var wasArmed = _alive && _streaming;
            (_alive, _streaming) = (true, true);
            _ready.TrySetResult();
            if (!wasArmed)
            {
                Arm();
            }
        }
    }

    /// <summary>The subscription that is about to be made resumes nothing: no session is opened before its first message.</summary>
    public void BeginsAnew()
    {
        lock (_lock)
        {
            Unready();
        }
    }

    /// <summary>The stream broke.</summary>
    public void StreamEnded()
    {
        lock (_lock)
        {
            _streaming = false;
            Arm();
        }
    }

    /// <summary>The stream is not read for now, since the handler is behind: that is no silence of the sidecar.</summary>
    public void Busy(bool busy)
    {
        lock (_lock)
        {
            _busy = busy;
            _heardAt = _time.GetTimestamp();
        }
    }

    /// <summary>A session's known end may have become the next one.</summary>
    public void Reconsider()
    {
        lock (_lock)
        {
            if (!_streaming)
            {
                Arm();
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Check()
    {
        List<Delivery> ended = [];
        lock (_lock)
        {
            if (_alive && !_busy && _time.GetElapsedTime(_heardAt) >= _bound)
            {
                _alive = false;
                Unready();
                ended = _sessions.Release(Silent);
            }
            else if (!_streaming)
            {
                var now = _time.GetUtcNow();
                ended = _sessions.Release(s => s.ValidUntil <= now ? Passed(s) : null);
            }

            Arm();
        }

        if (ended.Count > 0)
        {
            _deliver(ended);
        }
    }

    private void Unready()
    {
        if (_ready.Task.IsCompleted)
        {
            _ready = NewSource();
        }
    }

    private void Arm()
    {
        TimeSpan? due = !_alive ? null : _busy ? _bound : _bound - _time.GetElapsedTime(_heardAt);
        if (!_streaming && _sessions.EarliestEnd() - _time.GetUtcNow() is { } left && !(due < left))
        {
            due = left;
        }

        // A timer may come a fraction of a millisecond early, and counts weeks at most; it then looks once more.
        _timer.Change(due is { } pause ? Clamp(pause) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private static TimeSpan Clamp(TimeSpan pause) =>
        TimeSpan.FromTicks(Math.Clamp(pause.Ticks, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerDay));

    private SessionEnd Silent(HeldSession session) => session.EndWith(
        SessionEndCause.SidecarSilent,
        "Your access can no longer be confirmed, so the session was ended. Connect again.",
        $"Nothing was heard of the sidecar for {_bound.TotalSeconds:0.###} s, so a revocation could not arrive.");

    private static SessionEnd Passed(HeldSession session) => session.EndWith(
        SessionEndCause.ValidityPassed,
        "Your access ended as it was known to. Connect again if you should still have it.",
        $"The session was known to be allowed until {session.ValidUntil:u}, and the watch was down.");
}
