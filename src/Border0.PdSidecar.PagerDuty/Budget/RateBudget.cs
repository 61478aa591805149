using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.PagerDuty.Budget;

/// <summary>
/// Spends at most a share of what PagerDuty grants a key, as its <c>ratelimit-*</c> headers state it, and obeys 429. One
/// per key; safe from any thread.
/// </summary>
/// <remarks>
/// PagerDuty grants about 960 requests a minute per key; everything else that uses the key draws on the same limit. What
/// was sent is counted over a sliding window, so that the share holds wherever PagerDuty's window begins. A stated
/// <c>ratelimit-remaining</c> is forgotten at its reset: nothing else would end the wait for it.
/// </remarks>
public sealed class RateBudget
{
    // What loops leave to those who wait for an answer, and to second questions before a revocation.
    private const double BackgroundPart = 0.9;
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly RateWindow _general = new();
    private readonly RateWindow _onCall = new();
    private readonly Dictionary<(object Owner, RequestLane Lane), (double Requests, TimeSpan Target)> _demand = [];
    private readonly TimeProvider _time;
    private readonly SteadyClock _clock;
    private int _throttledInARow;

    /// <summary>Nothing spent yet; the limit is PagerDuty's published one until an answer states it.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="share">The share of the limit to spend at most, above 0 up to 1.</param>
    public RateBudget(TimeProvider time, double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        _time = time;
        _clock = new SteadyClock(time);
        Share = share;
    }

    /// <summary>The share of the limit that is spent at most.</summary>
    public double Share { get; }

    /// <summary>Waits until a request may be sent, and counts it as sent. <see cref="Complete"/> must follow.</summary>
    public async ValueTask AcquireAsync(RequestLane lane, RequestPriority priority, CancellationToken cancellation)
    {
        while (TryAcquire(lane, priority) is { } until)
        {
            var wait = until - _clock.Now;
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), _time, cancellation);
        }
    }

    /// <summary>Counts a request as sent, if it may be sent now. <see cref="Complete"/> must follow when it may.</summary>
    internal bool TryAcquireNow(RequestLane lane, RequestPriority priority) => TryAcquire(lane, priority) is null;

    /// <summary>Takes note of an answer, or of there being none (null).</summary>
    internal void Complete(RequestLane lane, RateHeaders? headers)
    {
        lock (_lock)
        {
            var now = _clock.Now;
            Window(lane).Completed();
            if (lane == RequestLane.OnCall)
            {
                _general.Completed();
            }

            if (headers is { Limit: { } limit, Remaining: { } remaining, Reset: { } reset })
            {
                Window(lane).Observe(now, limit, remaining, reset);
            }

            if (headers is { Throttled: true })
            {
                _throttledInARow++;
                // A limit of its own on /oncalls must not hold the incidents up.
                var ownLimit = lane == RequestLane.OnCall && headers.Limit is { } stated && stated != _general.Limit;
                (ownLimit ? _onCall : _general).BackOff(now + (headers.Reset ?? Escalating(_throttledInARow)));
            }
            else if (headers is not null)
            {
                _throttledInARow = 0;
            }
        }
    }

    /// <summary>
    /// Says what a refresh loop costs, and returns how often it may run so that all loops together stay within the share:
    /// its target, or every loop's target stretched by the same factor.
    /// </summary>
    /// <param name="owner">Tells loops of several integrations with one key apart.</param>
    /// <param name="lane">The loop.</param>
    /// <param name="requests">Requests of one refresh.</param>
    /// <param name="target">Time wanted between two refreshes.</param>
    internal TimeSpan Interval(object owner, RequestLane lane, int requests, TimeSpan target)
    {
        lock (_lock)
        {
            _demand[(owner, lane)] = (requests, target);
            var stretch = Demand(_ => true) / (_general.RatePerSecond(Share) * BackgroundPart);
            if (lane == RequestLane.OnCall)
            {
                stretch = Math.Max(
                    stretch, Demand(l => l == RequestLane.OnCall) / (_onCall.RatePerSecond(Share) * BackgroundPart));
            }

            return target * Math.Max(1, stretch);
        }
    }

    /// <summary>Forgets the loops of an integration that is no longer polled.</summary>
    internal void Leave(object owner)
    {
        lock (_lock)
        {
            foreach (var key in _demand.Keys.Where(k => k.Owner == owner).ToList())
            {
                _demand.Remove(key);
            }
        }
    }

    /// <summary>The budget as the contract shows it, without cadences.</summary>
    public V1.RateBudget ToContract()
    {
        lock (_lock)
        {
            var now = _clock.Now;
            return new V1.RateBudget
            {
                Limit = _general.Limit,
                Remaining = _general.Remaining(now) ?? _general.Limit,
                ResetTime = _general.ResetAt is { } at && at > now ? Timestamp.FromDateTimeOffset(at) : null,
                Share = Share,
                RequestsLastMinute = _general.SentLastMinute(now),
            };
        }
    }

    private DateTimeOffset? TryAcquire(RequestLane lane, RequestPriority priority)
    {
        lock (_lock)
        {
            var now = _clock.Now;
            var share = priority == RequestPriority.Background ? Share * BackgroundPart : Share;
            var until = _general.BlockedUntil(now, share);
            if (lane == RequestLane.OnCall && _onCall.BlockedUntil(now, share) is { } own && !(own < until))
            {
                until = own;
            }

            if (until is null)
            {
                _general.Sent(now);
                if (lane == RequestLane.OnCall)
                {
                    _onCall.Sent(now);
                }
            }

            return until;
        }
    }

    private RateWindow Window(RequestLane lane) => lane == RequestLane.OnCall ? _onCall : _general;

    private double Demand(Func<RequestLane, bool> of) =>
        _demand.Where(d => of(d.Key.Lane)).Sum(d => d.Value.Requests / d.Value.Target.TotalSeconds);

    private static TimeSpan Escalating(int times)
    {
        var seconds = Math.Min(LongestBackOff.TotalSeconds, Math.Pow(2, Math.Min(times, 6)));
        return TimeSpan.FromSeconds(seconds);
    }
}
