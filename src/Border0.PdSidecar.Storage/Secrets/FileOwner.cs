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

        // struct statx: the owner's id is at byte 20, the group's behind it, on every architecture.
        Span<byte> told = stackalloc byte[256];
        if (Statx(CurrentDirectory, from, 0, OwnerAndGroup, told) != 0)
        {
            throw new IOException($"the owner of {from} cannot be read (error {Marshal.GetLastPInvokeError()})");
        }

        if (Chown(to, BitConverter.ToUInt32(told[20..]), BitConverter.ToUInt32(told[24..])) != 0)
        {
            throw new IOException($"{to} cannot be given to the owner of {from} (error {Marshal.GetLastPInvokeError()})");
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, Span<byte> told);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint owner, uint group);
}
