namespace Border0.PdSidecar.DecisionLog;

/// <summary>
/// Sees to it that a piece of work is done some time after it was asked for, by one thread at a time: many requests within a short
/// while cost one run. Asking costs next to nothing while a run is due. Called from any thread.
/// </summary>
internal sealed class WriterTurn : IThreadPoolWorkItem, IAsyncDisposable
{
    private const int Idle = 0;
    private const int Due = 1;
    private const int Running = 2;
    private const int Ended = 3;

    private readonly Action _work;
    private readonly Func<TimeSpan?> _again;
    private readonly TimeSpan _delay;
    private readonly ITimer _timer;
    private int _state;

    /// <summary>Makes one that has nothing to do yet.</summary>
    /// <param name="work">The work; must not throw.</param>
    /// <param name="again">Asked after each run: whether another one is due without being asked for, and when.</param>
    /// <param name="delay">How long after the first request the work is done.</param>
    /// <param name="time">The clock.</param>
    public WriterTurn(Action work, Func<TimeSpan?> again, TimeSpan delay, TimeProvider time)
    {
        (_work, _again, _delay) = (work, again, delay);
        _timer = time.CreateTimer(static self => ((WriterTurn)self!).WhenDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Something is there to do.</summary>
    public void Ask()
    {
        // What the caller has added is to be seen by a run that ends now, or the end of that run to be seen here.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _state) == Idle && Interlocked.CompareExchange(ref _state, Due, Idle) == Idle)
        {
            _timer.Change(_delay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Something is there to do, and cannot wait.</summary>
    public void AskNow()
    {
        Interlocked.MemoryBarrier();
        if (Interlocked.CompareExchange(ref _state, Running, Idle) == Idle || Interlocked.CompareExchange(ref _state, Running, Due) == Due)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute() => Run();

    /// <summary>Does the work for the last time, once a run that is under way is over. False when that one does not end within the bound.</summary>
    public async ValueTask<bool> EndAsync(TimeSpan patience)
    {
        using var bound = new CancellationTokenSource(patience);
        while (Interlocked.CompareExchange(ref _state, Ended, Idle) != Idle && Interlocked.CompareExchange(ref _state, Ended, Due) != Due)
        {
            if (bound.IsCancellationRequested)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }

        _work();
        return true;
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void WhenDue()
    {
        if (Interlocked.CompareExchange(ref _state, Running, Due) == Due)
        {
            Run();
        }
    }

    private void Run()
    {
        _work();
        Interlocked.Exchange(ref _state, Idle);

        // What was added while this run was on its last steps asked nobody.
        if (_again() is { } delay && Interlocked.CompareExchange(ref _state, Due, Idle) == Idle)
        {
            _timer.Change(delay, Timeout.InfiniteTimeSpan);
        }
    }
}
