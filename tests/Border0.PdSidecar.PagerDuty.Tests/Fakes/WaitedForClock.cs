using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.PagerDuty.Tests.Fakes;

/// <summary>
/// A clock that tells of each delay that begins, so that a test can advance to what is really waited for. One that advances in a loop runs
/// ahead of code that a busy machine has not come to yet.
/// </summary>
internal sealed class WaitedForClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Channel<TimeSpan> _begun = Channel.CreateUnbounded<TimeSpan>();

    /// <summary>How long each delay is, in their order. Time-outs that are armed later, by a timer's Change, are not among them.</summary>
    public ChannelReader<TimeSpan> WaitedFor => _begun.Reader;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            _begun.Writer.TryWrite(dueTime);
        }

        return timer;
    }
}
