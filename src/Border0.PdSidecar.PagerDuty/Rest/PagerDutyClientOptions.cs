namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>How PagerDuty is asked: time-outs, retries, bounds. The defaults work.</summary>
public sealed record PagerDutyClientOptions
{
    /// <summary>Where keys may be sent.</summary>
    public PagerDutyAddresses Addresses { get; init; } = new();

    /// <summary>Time for one attempt, body included.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Further attempts after a 5xx, 408, a time-out or a broken connection. 0: none.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>Delay before the first retry; later ones wait longer, all with jitter.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Requests that may be under way at once with one key.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary>Share of attempts that must fail, within 30 s and at least eight of them, to open the circuit.</summary>
    public double BreakerFailureRatio { get; init; } = 0.75;

    /// <summary>How long an open circuit lets nothing through.</summary>
    public TimeSpan BreakerDuration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of an answer that are read at most; a longer one is <see cref="PagerDutyOutcome.Invalid"/>.</summary>
    public int MaxBodyBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>The share of the key's rate limit that is spent at most, above 0 up to 1.</summary>
    public double RateShare { get; init; } = 0.5;

    /// <summary>Characters of a URL at most; longer lists of ids are split over several requests.</summary>
    public int MaxUrlLength { get; init; } = 7500;
}
