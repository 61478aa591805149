using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Policies;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// What an open session rests on: the decision that allowed it last, but for its instant and the session's opening, so that sessions that are
/// alike share one. Immutable.
/// </summary>
internal sealed class Standing
{
    private readonly Decision _decision;
    private readonly bool _hasOpening;

    /// <summary>Keeps what a decision says.</summary>
    public Standing(in Decision decision)
    {
        _decision = decision;
        _hasOpening = decision.SessionOpened is not null;
    }

    /// <summary>What is granted.</summary>
    public GrantSet Grants => _decision.Grants;

    /// <summary>Until when it is known to hold without a break.</summary>
    public DateTimeOffset? ValidUntil => _decision.ValidUntil;

    /// <summary>How long the session may go on once it is no longer allowed.</summary>
    public TimeSpan RevocationGrace => _decision.RevocationGrace;

    /// <summary>The policies it was made from.</summary>
    public PolicySnapshot Policies => _decision.Policies;

    /// <summary>When it is to be decided again.</summary>
    public DateTimeOffset? NextChange => _decision.NextChange;

    /// <summary>The decision as it was made for a session.</summary>
    /// <param name="at">The instant it was made for.</param>
    /// <param name="opened">When the session was opened.</param>
    public Decision Of(DateTimeOffset at, DateTimeOffset opened) => _decision with { At = at, SessionOpened = _hasOpening ? opened : null };

    /// <summary>Whether a decision says the same, but for its instant and the session's opening.</summary>
    public bool IsOf(in Decision decision) =>
        ReferenceEquals(_decision.Facts, decision.Facts)
        && ReferenceEquals(_decision.Policies, decision.Policies)
        && ReferenceEquals(_decision.Grants, decision.Grants)
        && _decision.ValidUntil == decision.ValidUntil
        && _decision.NextChange == decision.NextChange
        && _decision.FactsTime == decision.FactsTime
        && _decision.RevocationGrace == decision.RevocationGrace
        && _decision.ShadowDenials == decision.ShadowDenials
        && _decision.Holding == decision.Holding
        && _decision.AwaitsFacts == decision.AwaitsFacts
        && _decision.UnknownService == decision.UnknownService
        && _decision.Purpose == decision.Purpose
        && _decision.DependsOnOpening == decision.DependsOnOpening
        && _hasOpening == decision.SessionOpened is not null;
}
