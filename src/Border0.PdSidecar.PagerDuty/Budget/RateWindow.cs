namespace Border0.PdSidecar.PagerDuty.Budget;

/// <summary>
/// One of PagerDuty's limits as its headers state it, and what was sent against it. Not safe for several threads: its
/// owner locks.
/// </summary>
internal sealed class RateWindow
{
    /// <summary>PagerDuty's published limit per minute, until its headers say otherwise.</summary>
    public const int PublishedLimit = 960;

    // Requests reach PagerDuty a little later than they are counted here, and not all equally late.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PublishedLength = TimeSpan.FromMinutes(1);

    private readonly Queue<DateTimeOffset> _sent = new();
    private TimeSpan _length = PublishedLength;
    private int _inFlight;
    private int _sentSinceSnapshot;
    private int? _remaining;
    private DateTimeOffset _backOffUntil;

    public int Limit { get; private set; }

    public DateTimeOffset? ResetAt { get; private set; }

    /// <summary>What PagerDuty said was left, less what was sent since; null when that is too old to mean anything.</summary>
    public int? Remaining(DateTimeOffset now) =>
        _remaining is { } left && now < ResetAt ? Math.Max(0, left - _sentSinceSnapshot) : null;

    /// <summary>Requests sent in the last 60 seconds.</summary>
    public int SentLastMinute(DateTimeOffset now) => _sent.Count(at => now - at < PublishedLength);

    /// <summary>Requests that may be sent in one second, evenly spread.</summary>
    public double RatePerSecond(double share) => share * EffectiveLimit / (_length + Margin).TotalSeconds;

    /// <summary>Null when a request may be sent now; otherwise when to ask again.</summary>
    public DateTimeOffset? BlockedUntil(DateTimeOffset now, double share)
    {
        if (now < _backOffUntil)
        {
            return _backOffUntil;
        }

        while (_sent.TryPeek(out var oldest) && now - oldest >= _length + Margin)
        {
            _sent.Dequeue();
        }

        if (_sent.Count >= Math.Max(1, (int)(share * EffectiveLimit)))
        {
            return _sent.Peek() + _length + Margin;
        }

        // The key is shared: what others leave of it must not be used up to the last request.
        return Remaining(now) is { } left && left <= Math.Min(15, Limit / 50) ? ResetAt : null;
    }

    public void Sent(DateTimeOffset now)
    {
        _sent.Enqueue(now);
        _inFlight++;
        _sentSinceSnapshot++;
    }

    /// <summary>PagerDuty said 429: nothing is sent before <paramref name="until"/>.</summary>
    public void BackOff(DateTimeOffset until) => _backOffUntil = until;

    public void Completed() => _inFlight--;

    public void Observe(DateTimeOffset now, int limit, int remaining, TimeSpan reset)
    {
        var resetAt = now + reset;
        if (reset > _length)
        {
            _length = reset;
        }

        // Answers overtake each other: within one window what is left only shrinks.
        var sameWindow = Remaining(now) is not null && resetAt <= ResetAt + Margin;
        _remaining = sameWindow ? Math.Min(Remaining(now)!.Value + _inFlight, remaining) : remaining;
        _sentSinceSnapshot = _inFlight;
        Limit = limit;
        ResetAt = resetAt;
    }

    private int EffectiveLimit => Limit > 0 ? Limit : PublishedLimit;
}
