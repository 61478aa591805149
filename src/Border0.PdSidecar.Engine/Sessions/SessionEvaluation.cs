using Border0.PdSidecar.V1;
using Decision = Border0.PdSidecar.Engine.Evaluation.Decision;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>The outcome of <see cref="SessionRegistry.Evaluate"/>.</summary>
/// <param name="KeyInUse">The session key is open for another user, socket or connector: there is no decision, and nothing changed.</param>
/// <param name="Decision">The decision.</param>
/// <param name="DeniedBy">
/// A reason that comes from the session rather than from the policies (revoked for good, watcher required): the answer is deny
/// whatever the decision says. Null otherwise.
/// </param>
/// <param name="Revision">Where the connector's event log stood when the decision was made.</param>
/// <param name="GraceUntil">The session is not allowed any more but may go on until then. Null otherwise.</param>
public readonly record struct SessionEvaluation(
    bool KeyInUse, Decision Decision, Reason? DeniedBy, long Revision, DateTimeOffset? GraceUntil)
{
    /// <summary>The connector has as many open sessions as it may have: there is no decision, and nothing changed.</summary>
    public bool TooManySessions { get; init; }

    /// <summary>Whether the connection may exist.</summary>
    public bool Allowed => !KeyInUse && !TooManySessions && DeniedBy is null && Decision.Allowed;
}
