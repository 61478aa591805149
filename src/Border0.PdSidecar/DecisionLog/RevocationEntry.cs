using System.Net;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>A revocation as it waits to be written.</summary>
/// <param name="OrganizationId">The session's organization.</param>
/// <param name="ConnectorId">The connector that holds the session.</param>
/// <param name="SocketType">The socket's type.</param>
/// <param name="ClientAddress">The client's address; null when not known.</param>
/// <param name="ClientCountry">The client's country, or empty.</param>
/// <param name="Revoked">The event that the connector gets.</param>
/// <param name="Revision">The event's revision in the connector's log.</param>
internal sealed record RevocationEntry(
    string OrganizationId, string ConnectorId, string SocketType, IPAddress? ClientAddress, string ClientCountry, SessionRevoked Revoked, long Revision);
