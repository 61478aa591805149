namespace Border0.PdSidecar.Engine.Tests;

/// <summary>How long a test over random inputs runs: bounded in eng/test, long in eng/soak (PDSIDECAR_SOAK=1), short for each of eng/mutate's mutants (PDSIDECAR_MUTATION=1).</summary>
internal static class Soak
{
    /// <summary>How many runs this time.</summary>
    public static int Runs(int bounded, int soak) => Is("PDSIDECAR_SOAK") ? soak : Is("PDSIDECAR_MUTATION") ? bounded / 50 : bounded;

    private static bool Is(string variable) => Environment.GetEnvironmentVariable(variable) == "1";
}
