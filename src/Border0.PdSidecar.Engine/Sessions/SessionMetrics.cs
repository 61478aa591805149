using System.Diagnostics.Metrics;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>What is counted of sessions.</summary>
internal static class SessionMetrics
{
    private static readonly Meter Meter = new("Border0.PdSidecar");

    /// <summary>Revocations by cause.</summary>
    public static Counter<long> Revocations { get; } = Meter.CreateCounter<long>("pdsidecar.revocations", "{revocation}", "Sessions revoked, by cause.");

    /// <summary>Every cause is counted from zero on: an increase is only seen from a value that was seen.</summary>
    public static void BeginRevocations()
    {
        foreach (var cause in Enum.GetValues<RevocationCause>().Where(c => c != RevocationCause.Unspecified))
        {
            Revocations.Add(0, new KeyValuePair<string, object?>("cause", cause.ToString()));
        }
    }
}
