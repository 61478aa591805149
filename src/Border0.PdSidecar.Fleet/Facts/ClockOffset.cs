namespace Border0.PdSidecar.Fleet.Facts;

/// <summary>
/// By how much a poller's instants are taken back so that its facts are not younger here than they are, when this machine's clock is behind
/// the poller's. For one thread.
/// </summary>
/// <remarks>
/// What a poller sends arrives after it was sent. So the difference between the arrival, by this clock, and the sending, by the
/// poller's, is how far this clock is ahead, or more; the least of some differences is near the truth: too large by the fastest
/// delivery among them. Where it is negative this clock is behind. Where it is positive nothing is done: facts then seem older than they are.
/// </remarks>
internal sealed class ClockOffset
{
    // A minute of refreshes: an old one must not outlive a clock that was set.
    private const int Kept = 12;

    private readonly Queue<TimeSpan> _differences = new();
    private long _token;

    /// <summary>The least difference seen lately; null before the first.</summary>
    public TimeSpan? Least => _differences.Count == 0 ? null : _differences.Min();

    /// <summary>What is added to a poller's instants: nothing, or a negative time.</summary>
    public TimeSpan Shift => Least is { } least && least < TimeSpan.Zero ? least : TimeSpan.Zero;

    /// <summary>Something of the poller with this token has arrived as it happened.</summary>
    public void Observe(long token, DateTimeOffset sentAt, DateTimeOffset arrivedAt)
    {
        Begin(token);
        if (_differences.Count == Kept)
        {
            _differences.Dequeue();
        }

        _differences.Enqueue(arrivedAt - sentAt);
    }

    /// <summary>Another poller has another clock.</summary>
    public void Begin(long token)
    {
        if (token != _token)
        {
            _token = token;
            _differences.Clear();
        }
    }
}
