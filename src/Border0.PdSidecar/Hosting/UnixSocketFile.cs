using System.Net.Sockets;
using System.Runtime.InteropServices;
using Border0.PdSidecar.Access;

namespace Border0.PdSidecar.Hosting;

/// <summary>The file of a Unix domain socket.</summary>
internal static partial class UnixSocketFile
{
    private const uint Unchanged = uint.MaxValue;

    /// <summary>Removes what an ended process has left; refuses when somebody still listens there.</summary>
    public static void MakeWay(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException e)
        {
            throw new IOException($"grpc_socket: {path} is there and is no socket of an ended sidecar ({e.SocketErrorCode}): remove it, or choose another path", e);
        }

        throw new IOException($"grpc_socket: somebody listens on {path} already");
    }

    /// <summary>Lets those in who may come in: until now it is this process's user alone.</summary>
    /// <param name="path">The socket.</param>
    /// <param name="group">Its group, by name or number; empty for the process's.</param>
    /// <param name="mode">Its file mode.</param>
    /// <exception cref="IOException">It cannot be given to that group.</exception>
    public static void Open(string path, string group, UnixFileMode mode)
    {
        if (group.Length > 0 && ChangeOwner(path, Unchanged, AccountNames.FindGroup(group) ?? Unchanged) != 0)
        {
            throw new IOException($"grpc_socket_group: {path} cannot be given to group {group} (error {Marshal.GetLastPInvokeError()}): is this user a member of it?");
        }

        File.SetUnixFileMode(path, mode);
    }

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
