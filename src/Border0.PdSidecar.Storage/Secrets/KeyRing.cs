using System.Security.Cryptography;
using System.Text;

namespace Border0.PdSidecar.Storage.Secrets;

/// <summary>
/// The keys that secrets are encrypted under, from a file that only its owner may read: one line a key, "id base64", the last one
/// being the one that is used for what is written from now on.
/// </summary>
public sealed class KeyRing
{
    private const int KeyLength = 32;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly Dictionary<string, byte[]> _keys;

    private KeyRing(string path, List<(string Id, byte[] Key)> keys)
    {
        Path = path;
        _keys = keys.ToDictionary(k => k.Id, k => k.Key, StringComparer.Ordinal);
        ActiveId = keys[^1].Id;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The key that is used for what is written from now on.</summary>
    public string ActiveId { get; }

    /// <summary>Reads the file; creates it (0600) with a new key where it is not there.</summary>
    /// <exception cref="StorageUnusableException">The file cannot be read, is open to others, or holds no keys.</exception>
    public static KeyRing Open(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                Write(path, [NewKey()]);
            }

            var mode = File.GetUnixFileMode(path);
            if ((mode & ~(OwnerOnly | UnixFileMode.UserExecute)) != 0)
            {
                throw new StorageUnusableException($"key file {path} may be read by others (mode {Convert.ToString((int)mode, 8)}): chmod 600 it, and consider its keys known");
            }

            return new KeyRing(path, Parse(path, File.ReadAllLines(path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageUnusableException($"key file {path} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Adds a new key to the file and makes it the active one; what is encrypted under the others stays readable.</summary>
    public KeyRing Rotate()
    {
        var keys = Parse(Path, File.ReadAllLines(Path));
        keys.Add(NewKey());
        Write(Path, keys);
        return new KeyRing(Path, keys);
    }

    /// <summary>Says nothing of its keys.</summary>
    public override string ToString() => $"{nameof(KeyRing)} {Path}";

    internal byte[] Active => _keys[ActiveId];

    internal byte[] Find(string id) => _keys.TryGetValue(id, out var key)
        ? key
        : throw new StorageUnusableException($"a secret is encrypted under key {id}, which key file {Path} does not hold: bring that file back");

    private static (string, byte[]) NewKey() => (RandomNumberGenerator.GetHexString(8, lowercase: true), RandomNumberGenerator.GetBytes(KeyLength));

    private static List<(string Id, byte[] Key)> Parse(string path, string[] lines)
    {
        var keys = new List<(string Id, byte[] Key)>();
        foreach (var (number, line) in lines.Index().Select(l => (l.Index + 1, l.Item.Trim())).Where(l => l.Item2.Length > 0 && l.Item2[0] != '#'))
        {
            var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var key = new byte[KeyLength];
            if (parts.Length != 2 || parts[0].Length is 0 or > 64 || !Ascii.IsValid(parts[0])
                || !Convert.TryFromBase64String(parts[1], key, out var written) || written != KeyLength)
            {
                throw new StorageUnusableException($"key file {path}: line {number} is not \"id base64-of-32-bytes\"");
            }

            if (keys.Any(k => k.Id == parts[0]))
            {
                throw new StorageUnusableException($"key file {path}: line {number} has the id {parts[0]}, which another key has already");
            }

            keys.Add((parts[0], key));
        }

        return keys.Count > 0 ? keys : throw new StorageUnusableException($"key file {path} holds no key");
    }

    /// <summary>Writes the file so that it is whole or not there, whenever the machine stops.</summary>
    private static void Write(string path, List<(string Id, byte[] Key)> keys)
    {
        var fresh = path + ".new";
        File.Delete(fresh);
        using var file = new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        file.Write(Encoding.ASCII.GetBytes(string.Concat(keys.Select(k => $"{k.Id} {Convert.ToBase64String(k.Key)}\n"))));
        file.Flush(flushToDisk: true);
        File.Move(fresh, path, overwrite: true);

        // Once more, for its new name: no secret may be sealed under a key that a power cut takes away.
        file.Flush(flushToDisk: true);
    }
}
