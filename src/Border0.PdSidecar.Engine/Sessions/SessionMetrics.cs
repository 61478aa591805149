using System.Diagnostics.Metrics;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>What is counted of sessions.</summary>
internal static class SessionMetrics
{
    private static readonly Meter Meter = new("Border0.PdSidecar");

    /// <summary>Revocations by cause.</summary>
    public static Counter<long> Revocations { get; } = Meter.CreateCounter<long>("pdsidecar.revocations", "{revocation}", "Sessions revoked, by cause.");
}
