namespace Border0.PdSidecar.Testing;

/// <summary>A folder that is gone when the test ends. Short, since a Unix socket's path may have 107 bytes at most.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pds-");

    public string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);
}
