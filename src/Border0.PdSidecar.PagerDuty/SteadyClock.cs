namespace Border0.PdSidecar.PagerDuty;

/// <summary>
/// Tells instants by elapsed time, so that setting the machine's clock neither stops what is due nor brings it all at once. For
/// intervals; what is true when is told by the machine's clock.
/// </summary>
internal sealed class SteadyClock(TimeProvider time)
{
    // What a machine's clock is corrected by while it runs is far less; what matters to facts' ages is more.
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(5);

    private readonly DateTimeOffset _begun = time.GetUtcNow();
    private readonly long _begunAt = time.GetTimestamp();

    private TimeSpan _offset;

    /// <summary>Now, as far as intervals are concerned.</summary>
    public DateTimeOffset Now => _begun + time.GetElapsedTime(_begunAt);

    /// <summary>Whether the machine's clock was set, by more than a correction, since this was asked last. For one thread.</summary>
    public bool WasSet()
    {
        var offset = time.GetUtcNow() - Now;
        var wasSet = (offset - _offset).Duration() > Step;
        _offset = offset;
        return wasSet;
    }
}
