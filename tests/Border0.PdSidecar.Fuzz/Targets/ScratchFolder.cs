namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>A folder for files that are read once: in memory where the machine has such a place.</summary>
internal sealed class ScratchFolder : IDisposable
{
    private readonly string _path;

    public ScratchFolder()
    {
        var root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        _path = Path.Combine(root, "pdsidecar-fuzz-" + Guid.NewGuid().ToString("N")[..12]);
        Directory.CreateDirectory(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Its path, or that of a file in it.</summary>
    public string File(string name = "") => Path.Combine(_path, name);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
