namespace Border0.PdSidecar.Storage.Tests;

/// <summary>A folder that is gone when the test ends.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pdstore-");

    public string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    public IEnumerable<string> Files => _folder.EnumerateFiles("*", SearchOption.AllDirectories).Select(f => f.FullName);

    public void Dispose() => _folder.Delete(recursive: true);
}
