using Border0.PdSidecar.V1;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>What the registry logs.</summary>
public sealed partial class SessionRegistry
{
    [LoggerMessage("Session {SessionKey} of connector {ConnectorId} in {OrganizationId} revoked: {Cause} (policy {PolicyName}, revision {Revision})", EventName = "SessionRevoked")]
    private partial void SessionRevokedEvent(LogLevel level, string organizationId, string connectorId, string sessionKey, RevocationCause cause, string policyName, long revision);

    [LoggerMessage(LogLevel.Information, "{Count} sessions revoked, for {What} changed; the first: {SessionKey} of connector {ConnectorId}", EventName = "SessionsRevoked")]
    private partial void SessionsRevokedTogether(int count, string what, string sessionKey, string connectorId);

    [LoggerMessage(LogLevel.Information, "{Count} open sessions taken over from the journal", EventName = "SessionsRestored")]
    private partial void SessionsRestored(int count);
}
