namespace Border0.PdSidecar.Configuration;

/// <summary>What one caller may take at most, so that the others are served. Each has a default that no well-behaved caller meets.</summary>
public sealed record CallLimits
{
    /// <summary>Open connections of each listener; further ones are closed at once.</summary>
    public int MaxConnections { get; init; } = 2_000;

    /// <summary>Calls at a time over one HTTP/2 connection; further ones wait at the caller.</summary>
    public int MaxStreamsPerConnection { get; init; } = 256;

    /// <summary>Bytes of one message, but for a subscription.</summary>
    public int MaxMessageSize { get; init; } = 4 << 20;

    /// <summary>Bytes of a WatchSessions request: it may list 100,000 sessions, each with its user, groups and tags.</summary>
    public int MaxSubscriptionSize { get; init; } = 64 << 20;

    /// <summary>Bytes of all messages together that have come in part.</summary>
    public int MaxUnfinishedMessages { get; init; } = 256 << 20;

    /// <summary>Bytes of a request's headers.</summary>
    public int MaxHeaderSize { get; init; } = 16 << 10;

    /// <summary>Open sessions of one connector.</summary>
    public int MaxSessionsPerConnector { get; init; } = 200_000;

    /// <summary>Open sessions of all connectors together.</summary>
    public int MaxSessions { get; init; } = 1_000_000;

    /// <summary>Connectors that are known: that have watched, or have had a session, since the start.</summary>
    public int MaxConnectors { get; init; } = 10_000;

    /// <summary>WatchSessions and EvaluateStream streams of all callers together.</summary>
    public int MaxStreams { get; init; } = 20_000;

    /// <summary>WatchSessions streams of one connector.</summary>
    public int MaxWatchesPerConnector { get; init; } = 16;

    /// <summary>EvaluateStream streams of one caller: of a token's or certificate's holder, else of one connection.</summary>
    public int MaxEvaluateStreams { get; init; } = 64;

    /// <summary>Webhook deliveries that are read at a time.</summary>
    public int MaxWebhooks { get; init; } = 256;

    /// <summary>How long an HTTP/2 connection may be silent before it is asked for a sign of life.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the sign of life may take before the connection is closed.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Bytes per second that whoever sends a request, or is sent an answer, must keep up after 5 s; 0 for no such bound.</summary>
    public int MinDataRate { get; init; } = 240;
}
