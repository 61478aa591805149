using System.Globalization;

namespace Border0.PdSidecar.Proofs.Tests;

/// <summary>How long a proof runs: bounded in eng/test, long in eng/soak (which sets PDSIDECAR_SOAK=1).</summary>
internal static class Soak
{
    /// <summary>Whether this is a run of eng/soak.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("PDSIDECAR_SOAK") == "1";

    /// <summary>How many runs this time.</summary>
    public static int Runs(int bounded, int soak) => IsLong ? soak : bounded;

    /// <summary>PDSIDECAR_SEED, to run a failure again; else the given one in eng/test and a new one in eng/soak.</summary>
    public static int Seed(int otherwise) =>
        Environment.GetEnvironmentVariable("PDSIDECAR_SEED") is { Length: > 0 } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : IsLong ? Random.Shared.Next() : otherwise;

    /// <summary>Adds a line to the report of this run, artifacts/proofs.md, and to the test's output.</summary>
    public static void Report(Xunit.Abstractions.ITestOutputHelper output, string line)
    {
        output.WriteLine(line);
        lock (typeof(Soak))
        {
            var folder = Directory.CreateDirectory(Path.Combine(BuildFacts.RepositoryRoot, "artifacts"));
            File.AppendAllText(Path.Combine(folder.FullName, "proofs.md"), $"- {line}\n");
        }
    }
}
