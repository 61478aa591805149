using Border0.PdSidecar.PagerDuty.Rest;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>How one refresh went.</summary>
/// <param name="Outcome">The worst outcome of its requests.</param>
/// <param name="Message">One sentence on the worst outcome; empty when all went well.</param>
/// <param name="Requests">Requests it took, retries not counted.</param>
/// <param name="Items">Services or escalation policies whose facts were published.</param>
internal sealed record RefreshReport(PagerDutyOutcome Outcome, string Message, int Requests, int Items)
{
    public static RefreshReport Nothing { get; } = new(PagerDutyOutcome.Ok, "", 0, 0);

    public bool IsOk => Outcome == PagerDutyOutcome.Ok;

    public bool IsRefused => Outcome is PagerDutyOutcome.Unauthorized or PagerDutyOutcome.Forbidden;

    public RefreshReport And(RefreshReport other)
    {
        var worse = Severity(other.Outcome) > Severity(Outcome) ? other : this;
        return new RefreshReport(worse.Outcome, worse.Message, Requests + other.Requests, Items + other.Items);
    }

    public static RefreshReport Of<T>(PagerDutyResult<Fetched<T>> result) => result.Value is { Damage.Length: > 0 } damaged
        ? new(PagerDutyOutcome.Invalid, damaged.Damage, damaged.Requests, 0)
        : new(result.Outcome, result.Message, result.Value?.Requests ?? 1, 0);

    private static int Severity(PagerDutyOutcome outcome) => outcome switch
    {
        PagerDutyOutcome.Ok => 0,
        PagerDutyOutcome.NotFound => 1,
        PagerDutyOutcome.Rejected => 2,
        PagerDutyOutcome.Invalid => 3,
        PagerDutyOutcome.RateLimited => 4,
        PagerDutyOutcome.Unavailable => 5,
        PagerDutyOutcome.Forbidden => 6,
        _ => 7,
    };
}
