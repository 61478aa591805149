namespace Border0.PdSidecar.Client;

/// <summary>Who a connector is and how careful it is. The defaults are those that the design promises its bounds with.</summary>
public sealed record ConnectorOptions
{
    /// <summary>
    /// Required: the connector's id, at most 256 characters. One id belongs to one running process: what one of two processes of the
    /// same id does not hold, the sidecar may take for ended.
    /// </summary>
    public required string ConnectorId { get; init; }

    /// <summary>The organization; empty for the sidecar's default.</summary>
    public string OrganizationId { get; init; } = "";

    /// <summary>How long a question may take, from 1 ms on. After it the connection is refused. Default 5 s.</summary>
    public TimeSpan EvaluateDeadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The longest time without any message of the sidecar. After it every session is ended, since a revocation could not arrive.
    /// At least three heartbeats. Default 10 s.
    /// </summary>
    public TimeSpan SilenceBound { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the sidecar gives a sign of life, from 100 ms to 60 s. Default 1 s.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The pause before the first attempt to subscribe again; it doubles, with jitter, up to <see cref="LongestPause"/>. Default 100 ms.</summary>
    public TimeSpan ShortestPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between two attempts to subscribe. Default 5 s, at most half the silence bound is used.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the handler may take for one event before the next is delivered all the same. Default 30 s.</summary>
    public TimeSpan HandlerPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many sessions may be open at once, at most (and by default) as many as a sidecar takes over: 100,000.</summary>
    public int MaxSessions { get; init; } = 100_000;

    /// <summary>How many events may wait for the handler before the stream is not read on. Default 1024.</summary>
    public int MaxWaitingEvents { get; init; } = 1024;

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(ConnectorId);
        AtLeast(EvaluateDeadline, TimeSpan.FromMilliseconds(1), nameof(EvaluateDeadline));
        AtLeast(HeartbeatInterval, TimeSpan.FromMilliseconds(100), nameof(HeartbeatInterval));
        AtLeast(TimeSpan.FromSeconds(60), HeartbeatInterval, nameof(HeartbeatInterval));
        AtLeast(SilenceBound, 3 * HeartbeatInterval, nameof(SilenceBound));
        AtLeast(ShortestPause, TimeSpan.FromMilliseconds(1), nameof(ShortestPause));
        AtLeast(LongestPause, ShortestPause, nameof(LongestPause));
        AtLeast(HandlerPatience, TimeSpan.FromMilliseconds(1), nameof(HandlerPatience));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSessions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxSessions, 100_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxWaitingEvents, 1);
    }

    private static void AtLeast(TimeSpan value, TimeSpan least, string name) =>
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
}
