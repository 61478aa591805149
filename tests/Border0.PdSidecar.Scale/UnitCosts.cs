namespace Border0.PdSidecar.Scale;

/// <summary>What one of each costs, as measured. Bytes are of keys and values; CPU is of one etcd member.</summary>
internal sealed record UnitCosts
{
    /// <summary>Bytes of a service's key and value, and of a service with one open incident.</summary>
    public required double ServiceBytes { get; init; }

    /// <summary>Bytes of an escalation policy's key and value, with four shifts.</summary>
    public required double PolicyBytes { get; init; }

    /// <summary>Bytes of a confirmation of 100 services, all of one refresh.</summary>
    public required double ConfirmationBytes { get; init; }

    /// <summary>Microseconds of CPU for a transaction that confirms.</summary>
    public required double WriteMicroseconds { get; init; }

    /// <summary>Milliseconds that one takes, one after the other.</summary>
    public required double WriteMilliseconds { get; init; }

    /// <summary>Transactions a second with many at a time.</summary>
    public required double WritesPerSecond { get; init; }

    /// <summary>Microseconds of CPU for a change that one watch is told.</summary>
    public required double EventMicroseconds { get; init; }

    /// <summary>Bytes on the wire for it.</summary>
    public required double EventBytes { get; init; }

    /// <summary>Microseconds of CPU to keep a lease alive.</summary>
    public required double KeepAliveMicroseconds { get; init; }

    /// <summary>Kilobytes of etcd's memory for a watch stream.</summary>
    public required double WatchKilobytes { get; init; }

    /// <summary>Kilobytes of etcd's memory for a service's key, its index and its page of the database.</summary>
    public required double KeyKilobytes { get; init; }

    /// <summary>Kilobytes of a sidecar's heap for a service that it follows.</summary>
    public required double MirrorKilobytes { get; init; }

    /// <summary>Microseconds of a sidecar's CPU for a service of a refresh that confirms it.</summary>
    public required double ConfirmedMicroseconds { get; init; }

    public void Print(TextWriter to)
    {
        to.WriteLine("| measured | |");
        to.WriteLine("| --- | ---: |");
        to.WriteLine($"| a service: key and value | {ServiceBytes:0} B |");
        to.WriteLine($"| an escalation policy with four shifts | {PolicyBytes:0} B |");
        to.WriteLine($"| a confirmation of 100 services | {ConfirmationBytes:0} B |");
        to.WriteLine($"| a write: etcd's CPU | {WriteMicroseconds:0} µs |");
        to.WriteLine($"| a write: time, one after the other | {WriteMilliseconds:0.0} ms |");
        to.WriteLine($"| writes a second, 64 at a time | {WritesPerSecond:0} |");
        to.WriteLine($"| a change told to one watch: etcd's CPU | {EventMicroseconds:0.0} µs |");
        to.WriteLine($"| a change told to one watch: bytes | {EventBytes:0} B |");
        to.WriteLine($"| a sign of life of a lease: etcd's CPU | {KeepAliveMicroseconds:0} µs |");
        to.WriteLine($"| a watch stream: etcd's memory | {WatchKilobytes:0.0} KiB |");
        to.WriteLine($"| a service's key: etcd's memory | {KeyKilobytes:0.0} KiB |");
        to.WriteLine($"| a service that is followed: a sidecar's heap | {MirrorKilobytes:0.0} KiB |");
        to.WriteLine($"| a service that a refresh confirms: a sidecar's CPU | {ConfirmedMicroseconds:0.0} µs |");
    }
}
