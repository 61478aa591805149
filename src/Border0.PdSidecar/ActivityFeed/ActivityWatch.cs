using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.ActivityFeed;

/// <summary>
/// One watcher: a bounded queue, and how many events found no room in it. Whoever tells never waits; one reader at a time.
/// </summary>
internal sealed class ActivityWatch : IDisposable
{
    /// <summary>How long nothing happens before there is a sign of life.</summary>
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(10);

    private readonly Action<ActivityWatch> _ends;
    private readonly TimeProvider _time;
    private readonly Channel<ActivityEvent> _queue;
    private long _missed;

    /// <summary>Makes a watcher.</summary>
    /// <param name="filter">What it wants.</param>
    /// <param name="capacity">How many events may wait.</param>
    /// <param name="ends">Is told when it is over.</param>
    /// <param name="time">The clock.</param>
    public ActivityWatch(ActivityFilter filter, int capacity, Action<ActivityWatch> ends, TimeProvider time)
    {
        (Filter, _ends, _time) = (filter, ends, time);
        _queue = Channel.CreateBounded<ActivityEvent>(new BoundedChannelOptions(capacity) { SingleReader = true });
    }

    /// <summary>What it wants.</summary>
    public ActivityFilter Filter { get; }

    /// <summary>Tells the watcher, or counts that it could not be told.</summary>
    public void Tell(ActivityEvent happened)
    {
        if (!_queue.Writer.TryWrite(happened))
        {
            Interlocked.Increment(ref _missed);
        }
    }

    /// <summary>What happens, after a heartbeat that comes at once; without end.</summary>
    public async IAsyncEnumerable<WatchActivityResponse> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        yield return Heartbeat();
        while (true)
        {
            if (!_queue.Reader.TryRead(out var happened))
            {
                if (!await WaitAsync(cancellation))
                {
                    yield return Heartbeat();
                }

                continue;
            }

            var told = happened.Told();
            if (told.Decision is { } decision && !(Filter.PolicyName.Length == 0 || decision.Reasons.Any(r => Filter.Names(r.PolicyName))))
            {
                continue;
            }

            // What was missed found a full queue, of which this is the front: it is told with the first that is read after.
            told.Missed = Interlocked.Exchange(ref _missed, 0);
            yield return told;
        }
    }

    public void Dispose() => _ends(this);

    private WatchActivityResponse Heartbeat() => new ActivityEvent(
        _time.GetUtcNow().UtcTicks, new WatchActivityResponse { Heartbeat = new ActivityHeartbeat(), Missed = Interlocked.Exchange(ref _missed, 0) }, null).Told();

    /// <summary>Whether there is something to read before a sign of life is due.</summary>
    private async ValueTask<bool> WaitAsync(CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(HeartbeatInterval, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            return await _queue.Reader.WaitToReadAsync(both.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
