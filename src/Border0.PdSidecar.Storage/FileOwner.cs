using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Border0.PdSidecar.Storage;

/// <summary>Whose a file is.</summary>
internal static partial class FileOwner
{
    private const int AtWorkingDirectory = -100;
    private const uint Mask = 0x8 | 0x10;

    /// <summary>
    /// Gives a file that root made in somebody's directory to that somebody, so that a sidecar can read what an administrator wrote there
    /// with sudo. Does nothing for others, who own what they make.
    /// </summary>
    /// <exception cref="IOException">It cannot be given.</exception>
    public static void Inherit(string directory, string file)
    {
        if (!OperatingSystem.IsLinux() || EffectiveUser() != 0)
        {
            return;
        }

        // struct statx has one layout on every architecture: the mask at 0, the user at 20, the group at 24.
        Span<byte> found = stackalloc byte[256];
        if (Statx(AtWorkingDirectory, directory, 0, Mask, ref found[0]) != 0)
        {
            throw new IOException($"the owner of {directory} cannot be read (error {Marshal.GetLastPInvokeError()})");
        }

        var (user, group) = (BinaryPrimitives.ReadUInt32LittleEndian(found[20..]), BinaryPrimitives.ReadUInt32LittleEndian(found[24..]));
        if (user != 0 && Chown(file, user, group) != 0)
        {
            throw new IOException($"{file} cannot be given to the owner of {directory} (error {Marshal.GetLastPInvokeError()})");
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, ref byte found);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint user, uint group);
}
