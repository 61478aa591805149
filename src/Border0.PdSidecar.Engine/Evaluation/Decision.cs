using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>
/// The outcome of one evaluation. Holds the snapshots it was made from, so that its reasons can be told afterwards
/// (<see cref="Evaluator.Explain"/>) without having been written beforehand.
/// </summary>
public readonly struct Decision
{
    /// <summary>Whether at least one policy holds and grants something.</summary>
    public bool Allowed => Grants.Any;

    /// <summary>What is granted; <see cref="GrantSet.None"/> on deny.</summary>
    public required GrantSet Grants { get; init; }

    /// <summary>Until when an allow is known to hold without a break; null when no end is known, and on deny.</summary>
    public DateTimeOffset? ValidUntil { get; init; }

    /// <summary>
    /// The earliest instant after <see cref="At"/> at which the same snapshots give another decision or other grants: a shift's
    /// start or end, a bound of when, the longest session duration, facts that become too old. Null when there is none. A
    /// running session is to be evaluated again then, at the latest.
    /// </summary>
    public DateTimeOffset? NextChange { get; init; }

    /// <summary>The instant at which the oldest facts that the decision rests on were true; null when none were needed.</summary>
    public DateTimeOffset? FactsTime { get; init; }

    /// <summary>The instant it was made for.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What it was made for.</summary>
    public required EvaluationPurpose Purpose { get; init; }

    /// <summary>When the session was opened; null for a new one.</summary>
    public DateTimeOffset? SessionOpened { get; init; }

    /// <summary>The facts it was made from.</summary>
    public required FactsSnapshot Facts { get; init; }

    /// <summary>The policies it was made from.</summary>
    public required PolicySnapshot Policies { get; init; }
}
