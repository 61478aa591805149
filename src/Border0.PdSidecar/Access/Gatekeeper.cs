using Border0.PdSidecar.Access.Tls;
using Border0.PdSidecar.Access.Tokens;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Telemetry;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Border0.PdSidecar.Access;

/// <summary>Stands at every listener and before every method: who is it, and may they?</summary>
internal sealed class Gatekeeper(TokenTable tokens, SidecarOptions options)
{
    private readonly UnixPeers _peers = new(options);
    private readonly Caller? _loopback = options.LoopbackRoles == Roles.None ? null : new("loopback", "a caller without credentials on loopback", options.LoopbackRoles);

    /// <summary>Stands at the Unix socket.</summary>
    public void GuardSocket(ListenOptions listen) =>
        listen.Use(next => connection =>
        {
            connection.Features.Set(new ConnectionCallers("grpc_socket", isLocal: true, _peers.CallerOf(connection), tokens));
            return next(connection);
        });

    /// <summary>Stands at a TCP listener.</summary>
    /// <param name="listen">The listener.</param>
    /// <param name="name">Its key in the configuration.</param>
    /// <param name="isLoopback">Whether only this machine can reach it.</param>
    /// <param name="clients">Those that are known by certificate; null where none are.</param>
    public void GuardTcp(ListenOptions listen, string name, bool isLoopback, ClientCertificates? clients = null)
    {
        // By the listener, not by the peer's address: what a proxy on this machine passes on comes from loopback too.
        var own = isLoopback ? _loopback : null;
        listen.Use(next => connection =>
        {
            return clients is null ? Serve(own) : clients.ServeAsync(connection, certified => Serve(certified ?? own));

            Task Serve(Caller? caller)
            {
                connection.Features.Set(new ConnectionCallers(name, isLoopback, caller, tokens));
                return next(connection);
            }
        });
    }

    /// <summary>Stands before every method of a service.</summary>
    public static void Guard(IEndpointConventionBuilder service) => service.Add(endpoint =>
    {
        if (endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault() is not { } grpc || endpoint.RequestDelegate is not { } next)
        {
            return;
        }

        var (method, rule) = (grpc.Method, MethodRoles.Of(grpc.Method.FullName));
        endpoint.RequestDelegate = http =>
        {
            if (Refuse(http, method, rule) is not { } refused)
            {
                return next(http);
            }

            http.RequestServices.GetRequiredService<CallMeter>().Refused(method, refused.StatusCode);
            return Refusal.WriteAsync(http, refused);
        };
    });

    /// <summary>Whether a request without a method's rule may look at what operators look at: on this machine, or with a role that looks.</summary>
    public static bool MayLook(HttpContext http) =>
        ConnectionCallers.Of(http) is { } connection
        && (connection.IsLocal || (connection.Resolve(http.Request.Headers.Authorization).Caller is { } caller && (caller.Roles & (Roles.Viewer | Roles.Admin)) != 0));

    private static RpcException? Refuse(HttpContext http, IMethod method, MethodRule rule)
    {
        var resolved = ConnectionCallers.Of(http)?.Resolve(http.Request.Headers.Authorization) ?? default;
        if (resolved.Caller is { } caller)
        {
            return rule.IsOpen || (caller.Roles & rule.AnyOf) != 0 ? null : AccessErrors.RoleRequired(caller, method.Name, rule.AnyOf);
        }

        return resolved.Wrong is { } wrong ? AccessErrors.CredentialsInvalid(wrong)
            : rule.IsOpen ? null
            : AccessErrors.CredentialsRequired();
    }
}
