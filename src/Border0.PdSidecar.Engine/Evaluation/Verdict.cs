using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>How one condition, or all of a policy's, came out.</summary>
internal readonly struct Verdict
{
    /// <summary>Why.</summary>
    public ReasonCode Code { get; init; }

    /// <summary>Whether it holds.</summary>
    public bool Holds { get; init; }

    /// <summary>While it holds: the first instant at which it is known not to. Null when no end is known.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>No later than the first instant at which it comes out otherwise, growing staleness included. Null for never.</summary>
    public DateTimeOffset? NextChange { get; init; }

    /// <summary>The oldest incident or on-call facts that it rests on.</summary>
    public DateTimeOffset? FactsTime { get; init; }

    /// <summary>Holds, without facts and without an end.</summary>
    public static Verdict Pass(ReasonCode code) => new() { Code = code, Holds = true };

    /// <summary>Does not hold.</summary>
    public static Verdict Fail(ReasonCode code, DateTimeOffset? nextChange = null, DateTimeOffset? factsTime = null) =>
        new() { Code = code, NextChange = nextChange, FactsTime = factsTime };

    /// <summary>Both must hold; the code is the left one's.</summary>
    public Verdict And(in Verdict other) => new()
    {
        Code = Code,
        Holds = Holds && other.Holds,
        Until = Earlier(Until, other.Until),
        NextChange = Earlier(NextChange, other.NextChange),
        FactsTime = Earlier(FactsTime, other.FactsTime),
    };

    /// <summary>The earlier of two instants, either of which may be unknown.</summary>
    public static DateTimeOffset? Earlier(DateTimeOffset? left, DateTimeOffset? right) =>
        left is not { } l ? right : right is not { } r || l <= r ? left : right;
}
