namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>
/// Whether this process is the one that asks PagerDuty for an integration. Alone it always is; in a fleet it is told when its turn
/// begins and ends. Safe from any thread.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "A turn's source is cancelled at its end; without timers it holds nothing to free.")]
internal sealed class PollingTurn
{
    private readonly Lock _lock = new();
    private readonly bool _always;
    private TaskCompletionSource<CancellationToken> _begins = NewSignal();
    private CancellationTokenSource? _turn;
    private Func<bool> _holds = static () => false;

    /// <summary>Nobody's turn yet, unless it always is this process's.</summary>
    /// <param name="always">There is no fleet: it is always this process's turn.</param>
    public PollingTurn(bool always)
    {
        _always = always;
        if (always)
        {
            _begins.SetResult(CancellationToken.None);
        }
    }

    /// <summary>Whether PagerDuty may be asked now. Also false when the right to ask has run out and nobody has ended the turn yet.</summary>
    public bool IsMine
    {
        get
        {
            lock (_lock)
            {
                return _always || (_turn is not null && _holds());
            }
        }
    }

    /// <summary>Completes when it is this process's turn, with what is cancelled at the turn's end (never, without a fleet).</summary>
    public Task<CancellationToken> WhenMineAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            return _begins.Task.WaitAsync(cancellation);
        }
    }

    /// <summary>The turn begins.</summary>
    /// <param name="holds">Whether the right to ask still holds, by a clock that goes on while the process stands still.</param>
    public void Begin(Func<bool> holds)
    {
        TaskCompletionSource<CancellationToken> begins;
        CancellationToken turn;
        lock (_lock)
        {
            if (_always || _turn is not null)
            {
                return;
            }

            _holds = holds;
            _turn = new CancellationTokenSource();
            (begins, turn) = (_begins, _turn.Token);
        }

        begins.TrySetResult(turn);
    }

    /// <summary>The turn ends: what is being asked is given up.</summary>
    public void End()
    {
        CancellationTokenSource? turn;
        lock (_lock)
        {
            turn = _turn;
            if (_always || turn is null)
            {
                return;
            }

            (_turn, _begins) = (null, NewSignal());
        }

        // Not disposed of: whoever waits with its token may only be about to look at it.
        turn.Cancel();
    }

    private static TaskCompletionSource<CancellationToken> NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
