namespace Border0.PdSidecar.Fleet;

/// <summary>How a fleet finds and follows its pollers.</summary>
public sealed record FleetOptions
{
    /// <summary>This sidecar's name in the fleet, as status shows it. Need not be unique: what tells sidecars apart is made at each start.</summary>
    public string Name { get; init; } = Environment.MachineName;

    /// <summary>How long a sidecar that is not heard of stays a member, and a poller. Whole seconds, 3 to 60.</summary>
    public TimeSpan LeaseTimeToLive { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A poller stops this long before its lease could have run out elsewhere.</summary>
    public TimeSpan LeaseMargin => LeaseTimeToLive / 10;

    /// <summary>The sidecar that is the n-th choice for an integration waits n times this before it takes one that nobody polls.</summary>
    public TimeSpan StandbyDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest such wait.</summary>
    public TimeSpan LongestStandbyDelay { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A sidecar that is a better choice gets an integration after it has been a member for this long.</summary>
    public TimeSpan RebalanceAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between two integrations that this sidecar gives up for a better choice.</summary>
    public TimeSpan RebalanceInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a sync that another sidecar is asked for may take.</summary>
    public TimeSpan SyncPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a service that another sidecar is asked to fetch is waited for.</summary>
    public TimeSpan FetchPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an event that was passed on stays in etcd, for sidecars that were away for a moment.</summary>
    public TimeSpan EventTimeToLive { get; init; } = TimeSpan.FromSeconds(60);
}
