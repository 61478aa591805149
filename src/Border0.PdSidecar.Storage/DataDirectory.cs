namespace Border0.PdSidecar.Storage;

/// <summary>
/// The directory that a sidecar keeps its database, keys and socket in, held by one process at a time. Nobody else on the machine
/// may read it.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream held) => (Path, _lock) = (path, held);

    /// <summary>Its full path.</summary>
    public string Path { get; }

    /// <summary>Takes a directory, creating it (0700) where it is not there.</summary>
    /// <exception cref="StorageUnusableException">Another process holds it, or it cannot be created.</exception>
    public static DataDirectory Take(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        try
        {
            if (!Directory.Exists(full))
            {
                Directory.CreateDirectory(full, OwnerOnly);
            }

            var held = new FileStream(
                System.IO.Path.Combine(full, "lock"),
                new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                });
            return new DataDirectory(full, held);
        }
        catch (IOException e) when (e is not DirectoryNotFoundException && Directory.Exists(full))
        {
            throw new StorageUnusableException($"data directory {full} cannot be taken: is another pdsidecar running on it? ({e.Message})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageUnusableException($"data directory {full} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>The path of a file in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Lets the directory go.</summary>
    public void Dispose() => _lock.Dispose();
}
