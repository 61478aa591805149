namespace Border0.PdSidecar.Storage.Tests;

/// <summary>How long a proof runs: bounded in eng/test, long in eng/soak (which sets PDSIDECAR_SOAK=1).</summary>
internal static class Soak
{
    /// <summary>How many runs this time.</summary>
    public static int Runs(int bounded, int soak) => Environment.GetEnvironmentVariable("PDSIDECAR_SOAK") == "1" ? soak : bounded;
}
