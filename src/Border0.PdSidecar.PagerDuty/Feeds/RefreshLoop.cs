using System.Diagnostics;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>
/// Repeats one kind of refresh for one integration, as often as its target and the rate budget allow, and remembers how it
/// went. Refreshes of one loop never overlap. Safe from any thread.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle nobody asks for holds nothing to free.")]
internal sealed partial class RefreshLoop
{
    private static readonly TimeSpan MinSpacing = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly PagerDutyFeed _feed;
    private readonly TimeSpan _target;
    private readonly Func<RequestPriority, CancellationToken, Task<RefreshReport>> _refresh;
    private readonly TimeProvider _time;
    private readonly SteadyClock _clock;
    private TaskCompletionSource _moved = NewSignal();
    private DateTimeOffset _due;
    private DateTimeOffset? _startedAt;
    private DateTimeOffset _notBefore;
    private bool _spread;
    private RefreshReport? _last;

    public RefreshLoop(
        PagerDutyFeed feed,
        RefreshKind kind,
        TimeSpan target,
        Func<RequestPriority, CancellationToken, Task<RefreshReport>> refresh,
        TimeProvider time)
    {
        (_feed, Kind, _target, _refresh, _time) = (feed, kind, target, refresh, time);
        _clock = new SteadyClock(time);
        _due = _clock.Now;
    }

    public RefreshKind Kind { get; }

    /// <summary>Time wanted between two refreshes.</summary>
    public TimeSpan Target => _target;

    /// <summary>How the last refresh went; null before the first.</summary>
    public RefreshReport? Last => Volatile.Read(ref _last);

    /// <summary>When a refresh last went well.</summary>
    public DateTimeOffset? SucceededAt { get; private set; }

    /// <summary>The last failure, and when it happened.</summary>
    public (string Message, DateTimeOffset At)? LastError { get; private set; }

    /// <summary>Time between the starts of the last two refreshes of the loop; its target before there were two.</summary>
    public TimeSpan Reached { get; private set; }

    /// <summary>Refreshes until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        // It goes on long after the call that began it, whose trace it is no part of.
        Activity.Current = null;
        while (!cancellation.IsCancellationRequested)
        {
            var turn = await _feed.Turn.WhenMineAsync(cancellation);
            if (!turn.CanBeCanceled)
            {
                await RefreshWhenDueAsync(cancellation);
                continue;
            }

            using var both = CancellationTokenSource.CreateLinkedTokenSource(turn, cancellation);
            try
            {
                await RefreshWhenDueAsync(both.Token);
            }
            catch (OperationCanceledException) when (turn.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                // Another sidecar asks from now on.
                continue;
            }
        }
    }

    /// <summary>A turn begins: the next refresh is due when what is known has the age of an interval.</summary>
    /// <param name="asOf">The instant of the oldest facts of this kind; null when none are known.</param>
    public void Resume(DateTimeOffset? asOf)
    {
        var wait = asOf is { } known ? known + _target - _time.GetUtcNow() : TimeSpan.Zero;
        lock (_lock)
        {
            // An interval that somebody else's refresh ended is none of this one's.
            (_startedAt, _notBefore, _due) = (null, default, DateTimeOffset.MaxValue);
        }

        RequestWithin(wait < TimeSpan.Zero ? TimeSpan.Zero : wait < _target ? wait : _target);
    }

    private async Task RefreshWhenDueAsync(CancellationToken cancellation)
    {
        await UntilDueAsync(cancellation);
        if (!_feed.Turn.IsMine)
        {
            // The process stood still for so long that another one asks by now; the end of the turn is about to be told.
            await Task.Delay(MinSpacing, _time, cancellation);
            return;
        }

        if (_clock.WasSet())
        {
            _feed.ClockSet();
        }

        var started = _clock.Now;
        Reached = _startedAt is { } before ? started - before : _target;
        PagerDutyMetrics.Intervals.Record(Reached.TotalSeconds, new KeyValuePair<string, object?>("kind", Kind.ToString()));
        lock (_lock)
        {
            _startedAt = started;
            _due = DateTimeOffset.MaxValue;
            _notBefore = started + MinSpacing;
        }

        var report = await OnceAsync(RequestPriority.Background, cancellation);
        Schedule(started, report);
    }

    /// <summary>Refreshes once, after the refresh that may be under way.</summary>
    public async Task<RefreshReport> OnceAsync(RequestPriority priority, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            using var span = PagerDutySpans.BeginRefresh(_feed.Key.ToString(), Kind.ToString());
            var started = _time.GetTimestamp();
            RefreshReport report;
            try
            {
                report = await _refresh(priority, cancellation);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A loop that died of an unforeseen answer would let facts grow old for good.
                RefreshThrew(_feed.Logger, _feed.Key, Kind, e);
                report = new RefreshReport(PagerDutyOutcome.Invalid, "The refresh failed unexpectedly; see the log.", 1, 0);
            }

            span?.SetTag("pdsidecar.outcome", report.Outcome.ToString());
            Note(report, _time.GetElapsedTime(started));
            return report;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Has the next refresh begin after <paramref name="wait"/> at the latest, but not in a storm.</summary>
    public void RequestWithin(TimeSpan wait) => RequestBy(_clock.Now + wait);

    /// <summary>Lets the next refresh begin at once: the connection is another one now.</summary>
    public void Restart()
    {
        lock (_lock)
        {
            _notBefore = default;
        }

        RequestWithin(TimeSpan.Zero);
    }

    private void RequestBy(DateTimeOffset at)
    {
        TaskCompletionSource moved;
        lock (_lock)
        {
            at = at > _notBefore ? at : _notBefore;
            if (at >= _due)
            {
                return;
            }

            _due = at;
            (moved, _moved) = (_moved, NewSignal());
        }

        moved.TrySetResult();
    }

    private void Note(RefreshReport report, TimeSpan took)
    {
        var before = Last;
        Volatile.Write(ref _last, report);
        var now = _time.GetUtcNow();
        if (report.IsOk)
        {
            SucceededAt = now;
            if (before is { IsOk: false })
            {
                RefreshRecovered(_feed.Logger, _feed.Key, Kind);
            }
        }
        else
        {
            LastError = (report.Message, now);
            if (before?.Outcome != report.Outcome)
            {
                RefreshFailed(_feed.Logger, _feed.Key, Kind, report.Outcome, report.Message);
            }
        }

        PagerDutyMetrics.Refreshes.Record(
            took.TotalSeconds, new TagList { { "kind", Kind.ToString() }, { "outcome", report.Outcome.ToString() } });
        _feed.Refreshed(Kind, report);
    }

    private void Schedule(DateTimeOffset started, RefreshReport report)
    {
        var interval = _feed.Client.Budget.Interval(_feed, Lane, report.Requests, _target);
        if (report.IsRefused)
        {
            interval = _feed.Options.UnauthorizedInterval > interval ? _feed.Options.UnauthorizedInterval : interval;
        }
        else if (!report.IsOk && interval > RetryAfterFailure)
        {
            interval = RetryAfterFailure;
        }

        if (!_spread && report.IsOk)
        {
            // Integrations that start together would ask together ever after.
            _spread = true;
            interval *= 1 - _feed.Options.Jitter() / 2;
        }

        lock (_lock)
        {
            if (report.IsRefused)
            {
                _notBefore = started + interval;
                _due = DateTimeOffset.MaxValue;
            }
        }

        RequestBy(started + interval);
    }

    private RequestLane Lane => Kind switch
    {
        RefreshKind.Incidents => RequestLane.Incidents,
        RefreshKind.OnCall => RequestLane.OnCall,
        _ => RequestLane.Services,
    };

    private async Task UntilDueAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task moved;
            TimeSpan wait;
            lock (_lock)
            {
                moved = _moved.Task;
                wait = _due - _clock.Now;
            }

            if (wait <= TimeSpan.Zero)
            {
                return;
            }

            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            // Timers take no more than 49 days; "never" is looked at again every hour.
            var delay = Task.Delay(wait < TimeSpan.FromHours(1) ? wait : TimeSpan.FromHours(1), _time, waiting.Token);
            await Task.WhenAny(moved, delay);
            await waiting.CancelAsync();
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(
        Level = LogLevel.Warning, EventName = "RefreshFailed", Message = "{Integration}: refresh of {Kind} failed ({Outcome}): {Why}")]
    private static partial void RefreshFailed(
        ILogger logger, IntegrationKey integration, RefreshKind kind, PagerDutyOutcome outcome, string why);

    [LoggerMessage(
        Level = LogLevel.Information, EventName = "RefreshRecovered", Message = "{Integration}: refresh of {Kind} works again")]
    private static partial void RefreshRecovered(ILogger logger, IntegrationKey integration, RefreshKind kind);

    [LoggerMessage(
        Level = LogLevel.Error, EventName = "RefreshThrew", Message = "{Integration}: refresh of {Kind} failed unexpectedly")]
    private static partial void RefreshThrew(ILogger logger, IntegrationKey integration, RefreshKind kind, Exception exception);
}
