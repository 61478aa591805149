using System.Runtime.InteropServices;

namespace Border0.PdSidecar.Storage.Secrets;

/// <summary>Whose a file is.</summary>
internal static partial class FileOwner
{
    private const int CurrentDirectory = -100;
    private const uint OwnerAndGroup = 0x8 | 0x10;

    /// <summary>Gives a new file to the owner of the one that it takes the place of, so that root may rotate what a service reads.</summary>
    /// <exception cref="IOException">The owner cannot be read or set.</exception>
    public static void Copy(string from, string to)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(from))
        {
            return;
        }

        var (user, group) = Of(from);
        if (Chown(to, user, group) != 0)
        {
            throw new IOException($"{to} cannot be given to the owner of {from} (error {Marshal.GetLastPInvokeError()})");
        }
    }

    /// <summary>Whether a file is root's, and this process is not.</summary>
    /// <exception cref="IOException">The owner cannot be read.</exception>
    public static bool IsRootForOthers(string path) => OperatingSystem.IsLinux() && EffectiveUser() != 0 && Of(path).User == 0;

    private static (uint User, uint Group) Of(string path)
    {
        // struct statx: the owner's id is at byte 20, the group's behind it, on every architecture.
        Span<byte> told = stackalloc byte[256];
        return Statx(CurrentDirectory, path, 0, OwnerAndGroup, told) == 0
            ? (BitConverter.ToUInt32(told[20..]), BitConverter.ToUInt32(told[24..]))
            : throw new IOException($"the owner of {path} cannot be read (error {Marshal.GetLastPInvokeError()})");
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, Span<byte> told);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint owner, uint group);
}
