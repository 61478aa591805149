using System.Diagnostics.CodeAnalysis;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>An answer of PagerDuty, or why there is none.</summary>
/// <typeparam name="T">What was asked for.</typeparam>
public sealed record PagerDutyResult<T>
{
    private PagerDutyResult(PagerDutyOutcome outcome, T? value, string message, DateTimeOffset asOf) =>
        (Outcome, Value, Message, AsOf) = (outcome, value, message, asOf);

    /// <summary>How the question ended.</summary>
    public PagerDutyOutcome Outcome { get; }

    /// <summary>What PagerDuty said; only with <see cref="PagerDutyOutcome.Ok"/>.</summary>
    public T? Value { get; }

    /// <summary>One sentence on what went wrong, without secrets; empty when nothing did.</summary>
    public string Message { get; }

    /// <summary>The instant before the first request was sent: what was said is at least as new as this.</summary>
    public DateTimeOffset AsOf { get; }

    /// <summary>Whether there is a value.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    public bool IsOk => Outcome == PagerDutyOutcome.Ok;

    internal static PagerDutyResult<T> Ok(T value, DateTimeOffset asOf) => new(PagerDutyOutcome.Ok, value, "", asOf);

    internal static PagerDutyResult<T> Failed(PagerDutyOutcome outcome, string message, DateTimeOffset asOf) =>
        new(outcome, default, message, asOf);

    internal PagerDutyResult<TOther> As<TOther>() => PagerDutyResult<TOther>.Failed(Outcome, Message, AsOf);
}
