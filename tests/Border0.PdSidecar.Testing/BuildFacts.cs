using System.Reflection;

namespace Border0.PdSidecar.Testing;

/// <summary>Where the build put what these tests run.</summary>
public static class BuildFacts
{
    public static string RepositoryRoot { get; } = Metadata("RepositoryRoot");

    /// <summary>The binary under test: PDSIDECAR_BINARY, else the one built along with the tests.</summary>
    public static string SidecarBinary { get; } =
        Environment.GetEnvironmentVariable("PDSIDECAR_BINARY") is { Length: > 0 } binary ? binary : Metadata("SidecarBinary");

    public static string Buf { get; } = Path.Combine(RepositoryRoot, "eng", "tools", "node_modules", ".bin", "buf");

    private static string Metadata(string key) =>
        typeof(BuildFacts).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
