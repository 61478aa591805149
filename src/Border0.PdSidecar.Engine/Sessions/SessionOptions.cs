namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>How sessions and watches are kept.</summary>
public sealed record SessionOptions
{
    /// <summary>How long before a known end a session_expiring event is sent. Zero: never. Default 5 min.</summary>
    public TimeSpan ExpiringWarning { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A session whose connector has not been heard of for this long is abandoned and revoked. Default 24 h.</summary>
    public TimeSpan SessionLease { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Allow a session only while its connector's watch is up. Default false.</summary>
    public bool RequireWatcher { get; init; }

    /// <summary>Open sessions of one connector; no more are opened, and none that it reports more are adopted. Default 200,000.</summary>
    public int MaxSessionsPerConnector { get; init; } = 200_000;

    /// <summary>Open sessions of all connectors together; no more are opened or adopted. Default 1,000,000.</summary>
    public int MaxSessions { get; init; } = 1_000_000;

    /// <summary>Connectors that have watched or have had a session since the start; others are not served with either. Default 10,000.</summary>
    public int MaxConnectors { get; init; } = 10_000;

    /// <summary>Events kept per connector for resuming; older ones make a token too old. Default 65,536.</summary>
    public int MaxEventsPerConnector { get; init; } = 65_536;

    /// <summary>How long events are kept for resuming. Default 48 h.</summary>
    public TimeSpan EventRetention { get; init; } = TimeSpan.FromHours(48);

    /// <summary>A watcher that has events waiting and takes none for this long is cut off. Default 30 s.</summary>
    public TimeSpan SlowWatcherPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Session keys that were ended for good and are remembered. Default 100,000; the oldest are forgotten first.</summary>
    public int MaxFinalKeys { get; init; } = 100_000;
}
