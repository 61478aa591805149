using System.Security.Cryptography;

namespace Border0.PdSidecar.Storage.Secrets;

/// <summary>
/// The keys that secrets are encrypted under, from a file that only its owner may read. Another process may rotate them: the file is
/// read again before anything is sealed, and when a key is asked for that was not there. For one thread at a time.
/// </summary>
/// <remarks>
/// The keys stay in memory as long as they are in the file: whoever may read this process's memory may read the file too. Those that
/// have left it are overwritten in memory.
/// </remarks>
public sealed class KeyRing
{
    private Dictionary<string, byte[]> _keys;

    private KeyRing(string path, List<(string Id, byte[] Key)> keys)
    {
        Path = path;
        (_keys, ActiveId) = Ordered(keys);
        FirstId = keys[0].Id;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The key that is used for what is written from now on.</summary>
    public string ActiveId { get; private set; }

    /// <summary>How many keys there are; more than one while a rotation is under way or was interrupted.</summary>
    public int Count => _keys.Count;

    /// <summary>Reads the file; creates it (0600) with a new key where it is not there.</summary>
    /// <exception cref="StorageUnusableException">The file cannot be read, is open to others, or holds no keys.</exception>
    public static KeyRing Open(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                KeyFile.Write(path, [KeyFile.NewKey()]);
            }

            return new KeyRing(path, KeyFile.Read(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageUnusableException($"key file {path} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Reads the file again.</summary>
    /// <returns>Whether another key is the active one now.</returns>
    /// <exception cref="StorageUnavailableException">The file cannot be read, or is no key file any more. The keys stay what they were.</exception>
    public bool Refresh()
    {
        try
        {
            var before = ActiveId;
            Take(KeyFile.Read(Path));
            return ActiveId != before;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StorageUnusableException)
        {
            throw new StorageUnavailableException($"key file {Path} cannot be read again: {e.Message}", e);
        }
    }

    /// <summary>Says nothing of its keys.</summary>
    public override string ToString() => $"{nameof(KeyRing)} {Path}";

    /// <summary>The first key in the file: the oldest one, or one that was added for later.</summary>
    internal string FirstId { get; private set; }

    internal byte[] Active => _keys[ActiveId];

    /// <summary>Adds a new key to the file and makes it the active one; what is encrypted under the others stays readable.</summary>
    internal void AddKey()
    {
        List<(string, byte[])> keys = [.. KeyFile.Read(Path), KeyFile.NewKey()];
        KeyFile.Write(Path, keys);
        Take(keys);
    }

    /// <summary>Adds a new key to the file that is not used for writing yet: for others to get it before anything is sealed under it.</summary>
    /// <returns>Its id.</returns>
    internal string AddKeyForLater()
    {
        var added = KeyFile.NewKey();
        List<(string, byte[])> keys = [added, .. KeyFile.Read(Path)];
        KeyFile.Write(Path, keys);
        Take(keys);
        return added.Id;
    }

    /// <summary>Makes the first key in the file the active one.</summary>
    internal void ActivateFirst()
    {
        var keys = KeyFile.Read(Path);
        keys = [.. keys.Skip(1), keys[0]];
        KeyFile.Write(Path, keys);
        Take(keys);
    }

    /// <summary>Takes every key but the active one out of the file.</summary>
    internal void RemoveOldKeys()
    {
        List<(string, byte[])> keys = [KeyFile.Read(Path)[^1]];
        KeyFile.Write(Path, keys);
        Take(keys);
    }

    internal byte[] Find(string id)
    {
        if (!_keys.ContainsKey(id))
        {
            Refresh();
        }

        return _keys.TryGetValue(id, out var key)
            ? key
            : throw new StorageUnusableException($"a secret is encrypted under key {id}, which key file {Path} does not hold: bring that file back");
    }

    private static (Dictionary<string, byte[]> Keys, string ActiveId) Ordered(List<(string Id, byte[] Key)> keys) =>
        (keys.ToDictionary(k => k.Id, k => k.Key, StringComparer.Ordinal), keys[^1].Id);

    private void Take(List<(string Id, byte[] Key)> keys)
    {
        var before = _keys;
        (_keys, ActiveId) = Ordered(keys);
        FirstId = keys[0].Id;
        foreach (var key in before.Values)
        {
            // Its like of the same id, if there still is one, was just read.
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
