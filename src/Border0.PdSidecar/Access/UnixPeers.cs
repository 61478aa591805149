using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Border0.PdSidecar.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Border0.PdSidecar.Access;

/// <summary>
/// Whom the kernel says is at the other end of the Unix socket. This process's own user and root have every role, for they can take what
/// they are not given; others, whom only a wider file mode lets in, have what configuration gives them, or what loopback has.
/// </summary>
internal sealed partial class UnixPeers(SidecarOptions options)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private static readonly uint Own = EffectiveUser();
    private readonly ConcurrentDictionary<uint, Caller> _known = new();
    private readonly Caller _unknown = new("unix", "an unknown user on the Unix socket", options.LoopbackRoles);

    /// <summary>The caller of a connection.</summary>
    public Caller CallerOf(ConnectionContext connection) => UserOf(connection) is { } uid ? _known.GetOrAdd(uid, Make) : _unknown;

    internal Caller Make(uint uid)
    {
        if (uid == Own || uid == 0)
        {
            return new("unix", $"user {uid} on the Unix socket", Roles.All) { Uid = uid };
        }

        var names = AccountNames.OfUser(uid).Append(uid.ToString(CultureInfo.InvariantCulture));
        return options.GrpcSocketCallers.Find(names) is { } found
            ? new("unix", $"user {uid} on the Unix socket", found.Roles, found.ConnectorId) { Uid = uid }
            : new("unix", $"user {uid} on the Unix socket", options.LoopbackRoles) { Uid = uid };
    }

    private static uint? UserOf(ConnectionContext connection)
    {
        if (!OperatingSystem.IsLinux() || connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
        {
            return null;
        }

        try
        {
            // struct ucred { pid_t pid; uid_t uid; gid_t gid; }
            Span<byte> credentials = stackalloc byte[12];
            return socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials) == 12 ? MemoryMarshal.Read<uint>(credentials[4..]) : null;
        }
        catch (SocketException)
        {
            // Gone already: whoever it was gets the least.
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
