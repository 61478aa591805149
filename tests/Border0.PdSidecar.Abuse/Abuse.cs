using Border0.PdSidecar.Abuse.Abuses;

namespace Border0.PdSidecar.Abuse;

/// <summary>One way to take more than one may.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="Expected">The answer that the abuser must get, among others.</param>
/// <param name="RunAsync">Does it until it is cancelled, or has done it all and holds on until then.</param>
public sealed record Abuse(string Name, string Expected, Func<Target, Seen, CancellationToken, Task> RunAsync)
{
    /// <summary>None: it only keeps every processor busy. What is measured beside it is how well can be measured here at all.</summary>
    public static Abuse Harmless { get; } = new("harmless", "busy", Busy.RunAsync);

    /// <summary>Every one of them.</summary>
    public static IReadOnlyList<Abuse> All { get; } =
    [
        new("reset-flood", Seen.Stopped, Floods.ResetAsync),
        new("ping-flood", "PING answered", Floods.PingAsync),
        new("endless-headers", Seen.Stopped, Floods.ContinuationAsync),
        new("large-headers", "closed", Sizes.HeadersAsync),
        new("large-messages", "ResourceExhausted", Sizes.MessagesAsync),
        new("inflating-messages", "ResourceExhausted", Sizes.InflatingAsync),
        new("unfinished-messages", "ResourceExhausted", Sizes.UnfinishedAsync),
        new("large-webhooks", "413", Webhooks.LargeAsync),
        new("slow-webhooks", "503", Webhooks.SlowAsync),
        new("slow-writers", "closed", Slow.WritersAsync),
        new("slow-readers", "closed", Slow.ReadersAsync),
        new("silent-connections", "closed", Hoards.ConnectionsAsync),
        new("idle-streams", "ResourceExhausted", Hoards.StreamsAsync),
        new("idle-watches", "ResourceExhausted", Hoards.WatchesAsync),
        new("many-sessions", "ResourceExhausted", Hoards.SessionsAsync),
        new("many-connectors", "ResourceExhausted", Hoards.ConnectorsAsync),
    ];
}
