using Border0.PdSidecar.Rpc;
using Grpc.Core;

namespace Border0.PdSidecar.Access;

/// <summary>What callers are told who may not do what they ask for. None of it holds a credential.</summary>
internal static class AccessErrors
{
    /// <summary>The stable reasons.</summary>
    public const string CredentialsRequiredReason = "CREDENTIALS_REQUIRED";
    public const string CredentialsInvalidReason = "CREDENTIALS_INVALID";
    public const string RoleRequiredReason = "ROLE_REQUIRED";
    public const string NotYourConnectorReason = "NOT_YOUR_CONNECTOR";

    public static RpcException CredentialsRequired() => RpcErrors.Unauthenticated(
        CredentialsRequiredReason,
        "credentials are required on this listener: a token in the header \"authorization: Bearer pdsc_...\" (pdsidecar token create), or a client certificate");

    /// <param name="why">What is wrong with the credentials, as a sentence.</param>
    public static RpcException CredentialsInvalid(string why) => RpcErrors.Unauthenticated(CredentialsInvalidReason, why);

    public static RpcException RoleRequired(Caller caller, string method, Roles anyOf) => RpcErrors.PermissionDenied(
        RoleRequiredReason,
        anyOf == Roles.None
            ? $"{method} may be called by nobody"
            : $"{method} needs role {RoleNames.Said(anyOf, "or")}; {caller.Description} has {RoleNames.Said(caller.Roles)}. {HowToGet(caller, anyOf)}",
        ("method", method),
        ("roles", string.Join(',', RoleNames.Of(anyOf))));

    public static RpcException NotYourConnector(Caller caller, string requested) => RpcErrors.PermissionDenied(
        NotYourConnectorReason,
        $"{caller.Description} acts for connector {caller.ConnectorId} only, and the request names {Short(requested)}: leave connector_id out, or use that connector's own credentials",
        ("connector_id", caller.ConnectorId ?? ""));

    private static string HowToGet(Caller caller, Roles anyOf) =>
        (caller.Kind == "certificate" ? "Give that name the role in grpc_client_callers, or call with a token: " : "Call over the Unix socket as the user that the sidecar runs as, or with a token: ")
        + $"pdsidecar token create --role {RoleNames.Of(anyOf)[^1]} --name NAME, "
        + "sent as the header \"authorization: Bearer TOKEN\"";

    private static string Short(string text) => text.Length <= 64 ? text : text[..64] + "...";
}
