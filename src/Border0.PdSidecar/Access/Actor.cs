using Grpc.Core;

namespace Border0.PdSidecar.Access;

/// <summary>Who did something, for the record. Holds no credential.</summary>
/// <param name="Caller">How the caller was known: "unix", "loopback", "token" or "certificate".</param>
/// <param name="Name">The token's or certificate's name, or empty.</param>
/// <param name="Id">The token's id, or empty.</param>
/// <param name="Uid">The user id at the other end of a Unix socket; null where it is not known.</param>
/// <param name="Listener">The listener's key in the configuration: "grpc_socket", "grpc_tcp" or "http".</param>
/// <param name="Address">The caller's address, or empty.</param>
public sealed record Actor(string Caller, string Name, string Id, uint? Uid, string Listener, string Address)
{
    /// <summary>Whoever makes a call.</summary>
    public static Actor Of(ServerCallContext context)
    {
        var http = context.GetHttpContext();
        var caller = Access.Caller.Of(http);
        var address = http.Connection.RemoteIpAddress;
        return new Actor(
            caller.Kind,
            caller.Name,
            caller.Id,
            caller.Uid,
            ConnectionCallers.Of(http)!.Listener,
            address is null ? "" : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString());
    }
}
