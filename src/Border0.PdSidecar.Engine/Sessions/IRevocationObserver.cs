using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>Is told of every revocation, for the record.</summary>
public interface IRevocationObserver
{
    /// <summary>A session was revoked. Called under the session's lock: must not wait or throw.</summary>
    /// <param name="request">The connection that the session was opened for.</param>
    /// <param name="connectorId">The connector that holds it.</param>
    /// <param name="revoked">The event; not to be changed.</param>
    /// <param name="revision">The event's revision in the connector's log.</param>
    void Revoked(in AccessRequest request, string connectorId, SessionRevoked revoked, long revision);
}
