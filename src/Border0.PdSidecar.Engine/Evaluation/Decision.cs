using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>
/// The outcome of one evaluation. Holds the snapshots it was made from, so that its reasons can be told afterwards
/// (<see cref="Evaluator.Explain(in Decision, in AccessRequest)"/>) without having been written beforehand.
/// </summary>
public readonly struct Decision
{
    private readonly PackedInstant _validUntil;
    private readonly PackedInstant _nextChange;
    private readonly PackedInstant _factsTime;
    private readonly PackedInstant _at;
    private readonly PackedInstant _sessionOpened;

    /// <summary>How many policies <see cref="Holding"/> tells of.</summary>
    internal const int MostHolding = 64;

    /// <summary>Whether at least one policy holds and grants something.</summary>
    public bool Allowed => Grants.Any;

    /// <summary>What is granted; <see cref="GrantSet.None"/> on deny.</summary>
    public required GrantSet Grants { get; init; }

    /// <summary>Until when an allow is known to hold without a break; null when no end is known, and on deny.</summary>
    public DateTimeOffset? ValidUntil
    {
        get => _validUntil;
        init => _validUntil = value;
    }

    /// <summary>
    /// No later than the earliest instant after <see cref="At"/> at which the same snapshots give another decision or other grants:
    /// a shift's start or end, a bound of when, the longest session duration, facts that become too old. Null when there is none.
    /// A running session is to be evaluated again then.
    /// </summary>
    public DateTimeOffset? NextChange
    {
        get => _nextChange;
        init => _nextChange = value;
    }

    /// <summary>
    /// The instant at which the oldest incident or on-call facts that the granting policies rest on were true; null when none were
    /// needed. Which escalation policy a service uses is refreshed far less often, has a bound of its own, and is not counted here.
    /// </summary>
    public DateTimeOffset? FactsTime
    {
        get => _factsTime;
        init => _factsTime = value;
    }

    /// <summary>How long the session may go on once it is no longer allowed: the longest grace of the policies that grant.</summary>
    public TimeSpan RevocationGrace { get; init; }

    /// <summary>How many shadow conditions would have denied, in policies that otherwise grant.</summary>
    public int ShadowDenials { get; init; }

    /// <summary>
    /// Whether a policy was denied only because PagerDuty has not been heard about its service yet: worth a wait for the first
    /// answer. <see cref="UnknownService"/> then names the first such service.
    /// </summary>
    public bool AwaitsFacts { get; init; }

    /// <summary>The service that is not known yet, with <see cref="AwaitsFacts"/>.</summary>
    public ServiceKey UnknownService { get; init; }

    /// <summary>The instant it was made for.</summary>
    public required DateTimeOffset At
    {
        get => (DateTimeOffset)_at;
        init => _at = value;
    }

    /// <summary>What it was made for.</summary>
    public required EvaluationPurpose Purpose { get; init; }

    /// <summary>When the session was opened; null for a new one.</summary>
    public DateTimeOffset? SessionOpened
    {
        get => _sessionOpened;
        init => _sessionOpened = value;
    }

    /// <summary>The facts it was made from.</summary>
    public required FactsSnapshot Facts { get; init; }

    /// <summary>
    /// Which of the policies that reach the socket hold and grant, in their order: bit 0 is the first. Only the first
    /// <see cref="MostHolding"/> of them are told.
    /// </summary>
    internal ulong Holding { get; init; }

    /// <summary>Whether <see cref="SessionOpened"/> counted: a policy that reaches the socket bounds how long a session lasts.</summary>
    internal bool DependsOnOpening { get; init; }

    /// <summary>The policies it was made from.</summary>
    public required PolicySnapshot Policies { get; init; }
}
