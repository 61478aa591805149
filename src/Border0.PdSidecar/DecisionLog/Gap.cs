namespace Border0.PdSidecar.DecisionLog;

/// <summary>Records that are missing.</summary>
/// <param name="Missing">How many.</param>
/// <param name="From">When the first of them happened, in UTC ticks.</param>
/// <param name="To">When the last of them happened, in UTC ticks.</param>
internal readonly record struct Gap(long Missing, long From, long To)
{
    /// <summary>Both together.</summary>
    public Gap And(in Gap other) =>
        Missing == 0 ? other : other.Missing == 0 ? this : new(Missing + other.Missing, Math.Min(From, other.From), Math.Max(To, other.To));
}
