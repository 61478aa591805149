using Border0.PdSidecar.Engine.Evaluation;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>How an evaluation with or without a session came out.</summary>
public enum SessionEvaluationStatus
{
    /// <summary>There is a decision; an allowed session is open.</summary>
    Decided,

    /// <summary>The session key is open for another user, socket or connector: no decision, nothing changed.</summary>
    KeyInUse,
}

/// <summary>The outcome of <see cref="SessionRegistry.Evaluate"/>.</summary>
/// <param name="Status">Whether there is a decision.</param>
/// <param name="Decision">The decision.</param>
/// <param name="ReasonOverride">
/// A reason that comes from the session rather than from the policies (revoked for good, watcher required); null otherwise. With
/// one, the answer is deny whatever <paramref name="Decision"/> says.
/// </param>
/// <param name="Revision">Where the connector's event log stood when the decision was made.</param>
public readonly record struct SessionEvaluation(
    SessionEvaluationStatus Status, Decision Decision, V1.Reason? ReasonOverride, long Revision);
