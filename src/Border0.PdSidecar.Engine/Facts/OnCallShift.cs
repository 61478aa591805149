namespace Border0.PdSidecar.Engine.Facts;

/// <summary>One entry of PagerDuty's <c>/oncalls</c>: a user on call at a level during [start, end).</summary>
/// <param name="User">Who is on call.</param>
/// <param name="EscalationLevel">The level of the escalation policy, from 1.</param>
/// <param name="ScheduleId">The schedule that puts the user on call; null when the policy names the user directly.</param>
/// <param name="Start">Inclusive; null means always so far.</param>
/// <param name="End">Exclusive; null means "the user does not go off call".</param>
public sealed record OnCallShift(
    PagerDutyUser User,
    int EscalationLevel,
    string? ScheduleId,
    DateTimeOffset? Start,
    DateTimeOffset? End)
{
    /// <summary>Whether the shift covers an instant.</summary>
    public bool Covers(DateTimeOffset instant) =>
        (Start is not { } start || start <= instant) && (End is not { } end || instant < end);
}
