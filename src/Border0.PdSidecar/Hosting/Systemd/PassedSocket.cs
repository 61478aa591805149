using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.Hosting.Systemd;

/// <summary>
/// The listening Unix socket that the service manager made, opened to its callers and passed on (a unit of type socket): it is there before
/// the sidecar is, and stays when the sidecar restarts, so that callers wait instead of being refused.
/// </summary>
/// <param name="Descriptor">The inherited file descriptor.</param>
/// <param name="Path">Where it listens.</param>
/// <remarks>The protocol is sd_listen_fds(3): LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, descriptors from 3 on.</remarks>
public sealed partial record PassedSocket(int Descriptor, string Path)
{
    private const int First = 3;
    private const int SolSocket = 1;
    private const int SoAcceptConn = 30;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExec = 1;

    /// <summary>Takes what was passed to this process; null when nothing was.</summary>
    /// <param name="environment">Looks a variable up.</param>
    /// <param name="options">What is configured, which must not contradict it.</param>
    /// <param name="problems">Gets a sentence for everything that is wrong.</param>
    public static PassedSocket? Take(Func<string, string?> environment, SidecarOptions options, ICollection<string> problems)
    {
        if (!OperatingSystem.IsLinux() || environment("LISTEN_PID") is not { } pid || environment("LISTEN_FDS") is not { } count)
        {
            return null;
        }

        if (!int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var meant) || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var passed))
        {
            problems.Add($"LISTEN_PID and LISTEN_FDS: \"{pid}\" and \"{count}\" are no numbers of a process and of sockets");
            return null;
        }

        // Inherited from a parent that the sockets were meant for.
        if (meant != Environment.ProcessId || passed == 0)
        {
            return null;
        }

        if (passed > 1)
        {
            problems.Add($"LISTEN_FDS: {passed} sockets were passed ({environment("LISTEN_FDNAMES")}), and one is taken, the Unix socket for gRPC; TCP listeners are configured by grpc_tcp and http");
            return null;
        }

        if (PathOf(First) is not { } path)
        {
            problems.Add("LISTEN_FDS: the descriptor that was passed is not a listening Unix stream socket with a path (ListenStream=/run/…)");
            return null;
        }

        Agree(path, options, problems);
        _ = ControlDescriptor(First, SetDescriptorFlags, CloseOnExec);
        return new PassedSocket(First, path);
    }

    private static void Agree(string path, SidecarOptions options, ICollection<string> problems)
    {
        if (options.GrpcSocket.Length > 0 && System.IO.Path.GetFullPath(options.GrpcSocket) != path)
        {
            problems.Add($"grpc_socket: is {options.GrpcSocket}, and the socket that was passed listens on {path}: leave it out, or make them the same");
        }

        if (options.GrpcSocketMode != new SidecarOptions().GrpcSocketMode)
        {
            problems.Add("grpc_socket_mode: the socket was passed by the service manager, whose SocketMode= it has: leave it out");
        }

        if (options.GrpcSocketGroup.Length > 0)
        {
            problems.Add("grpc_socket_group: the socket was passed by the service manager, whose SocketGroup= it has: leave it out");
        }
    }

    private static string? PathOf(int descriptor)
    {
        try
        {
            // Looks only: the descriptor stays open for the listener.
            using var handle = new SafeSocketHandle(descriptor, ownsHandle: false);
            using var socket = new Socket(handle);
            Span<byte> listens = stackalloc byte[4];
            return socket.SocketType == SocketType.Stream && socket.LocalEndPoint is UnixDomainSocketEndPoint end && end.ToString() is ['/', ..] path
                && socket.GetRawSocketOption(SolSocket, SoAcceptConn, listens) == 4 && MemoryMarshal.Read<int>(listens) != 0 ? path : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int ControlDescriptor(int descriptor, int command, int argument);
}
