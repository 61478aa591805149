using System.Net.Sockets;

namespace Border0.PdSidecar.Hosting;

/// <summary>The file of a Unix domain socket.</summary>
internal static class UnixSocketFile
{
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
}
