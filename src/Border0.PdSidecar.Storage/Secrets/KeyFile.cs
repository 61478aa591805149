using System.Security.Cryptography;
using System.Text;

namespace Border0.PdSidecar.Storage.Secrets;

/// <summary>The file of the keys: one line a key, "id base64", the last one the active one; for its owner only, or handed down by root.</summary>
internal static class KeyFile
{
    public const int KeyLength = 32;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a key.</summary>
    public static (string Id, byte[] Key) NewKey() => (RandomNumberGenerator.GetHexString(8, lowercase: true), RandomNumberGenerator.GetBytes(KeyLength));

    /// <summary>Reads the keys, oldest first.</summary>
    public static List<(string Id, byte[] Key)> Read(string path)
    {
        var mode = File.GetUnixFileMode(path);
        return IsPrivate(mode, () => FileOwner.IsRootForOthers(path))
            ? Parse(path, File.ReadAllLines(path))
            : throw new StorageUnusableException($"key file {path} may be read by others (mode {Convert.ToString((int)mode, 8)}): chmod 600 it, and consider its keys known");
    }

    /// <summary>Writes the file so that it is whole or what it was, whenever the machine stops.</summary>
    public static void Write(string path, IEnumerable<(string Id, byte[] Key)> keys)
    {
        var fresh = path + ".new";
        File.Delete(fresh);
        using var file = new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        var bytes = Encoding.ASCII.GetBytes(string.Concat(keys.Select(k => $"{k.Id} {Convert.ToBase64String(k.Key)}\n")));
        file.Write(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        file.Flush(flushToDisk: true);
        FileOwner.Copy(path, fresh);
        File.Move(fresh, path, overwrite: true);

        // Once more, for its new name: no secret may be sealed under a key that a power cut takes away.
        file.Flush(flushToDisk: true);
    }

    /// <summary>
    /// Whether nobody but the owner and root reads a file of this mode. Root's own file may be readable by its group: so a Kubernetes
    /// secret and a systemd credential reach a process that is not root (an access list shows as the group's mode).
    /// </summary>
    internal static bool IsPrivate(UnixFileMode mode, Func<bool> isHandedDownByRoot) =>
        (mode & ~(OwnerOnly | UnixFileMode.UserExecute)) == 0 || ((mode & ~(OwnerOnly | UnixFileMode.GroupRead)) == 0 && isHandedDownByRoot());

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
}
