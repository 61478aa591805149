namespace Border0.PdSidecar.Tests.Documentation;

/// <summary>The repository that these tests were built in.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string File(string path) => Path.Combine(Root, path);

    private static string Find(string folder) =>
        System.IO.File.Exists(Path.Combine(folder, "Border0.PdSidecar.sln")) ? folder : Find(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("no repository"));
}
