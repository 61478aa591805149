using Border0.PdSidecar.Engine.Evaluation;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>Owns the open sessions: opens them, evaluates them again when something changes, revokes them.</summary>
public sealed class SessionRegistry
{
    /// <summary>Decides on a connection and, with a session key, opens or re-evaluates its session.</summary>
    /// <param name="request">The connection.</param>
    /// <param name="connectorId">The connector; required with a session key.</param>
    /// <param name="sessionKey">The session's key, or empty.</param>
    public SessionEvaluation Evaluate(in AccessRequest request, string connectorId, string sessionKey) =>
        throw new NotImplementedException();
}
