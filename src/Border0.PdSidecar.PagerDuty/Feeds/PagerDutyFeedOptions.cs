namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>How often PagerDuty is asked for what. The defaults are the product's targets.</summary>
public sealed record PagerDutyFeedOptions
{
    /// <summary>Target time between two refreshes of the open incidents.</summary>
    public TimeSpan IncidentsInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Target time between two refreshes of the on-call shifts.</summary>
    public TimeSpan OnCallInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Target time between two refreshes of the services (their escalation policy, their existence).</summary>
    public TimeSpan ServicesInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How far ahead on-call shifts are read, so that hand-overs are known. At most 90 days (PagerDuty's limit).</summary>
    public TimeSpan OnCallHorizon { get; init; } = TimeSpan.FromHours(12);

    /// <summary>Time between two tries while PagerDuty refuses the key (401, 403).</summary>
    public TimeSpan UnauthorizedInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A poll that began up to this long after a webhook's event does not undo the event.</summary>
    public TimeSpan WebhookGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A failed fetch of an unknown service is not repeated on demand before this has passed.</summary>
    public TimeSpan OnDemandPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Facts are saved at most this often.</summary>
    public TimeSpan ArchiveInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Other sidecars poll for this one, and this one for them: PagerDuty is asked only where this sidecar is told that it is its turn.
    /// </summary>
    public bool InFleet { get; init; }

    /// <summary>A number in [0, 1) that spreads integrations over an interval; tests fix it.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;
}
