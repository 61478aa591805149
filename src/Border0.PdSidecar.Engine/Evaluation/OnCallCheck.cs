using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>Is the connecting user on call for the escalation policy that the service uses now?</summary>
internal static class OnCallCheck
{
    /// <summary>Checks, given that the service itself is known, fresh and exists.</summary>
    public static Verdict Check(
        CompiledCondition condition, IntegrationFacts facts, ServiceFacts service, in AccessRequest request, in Moment moment)
    {
        if (request.UserEmail.Length == 0)
        {
            return Verdict.Fail(ReasonCode.ServiceAccountNotAResponder);
        }

        if (service.EscalationPolicyId is not { } policyId)
        {
            return Verdict.Fail(ReasonCode.NoEscalationPolicy);
        }

        if (!facts.EscalationPolicies.TryGetValue(policyId, out var policy))
        {
            return Verdict.Fail(facts.Unauthorized ? ReasonCode.IntegrationUnauthorized : ReasonCode.FactsUnknown);
        }

        var settings = condition.Settings!;
        if (!moment.IsFresh(policy.AsOf, settings))
        {
            return Verdict.Fail(facts.Unauthorized ? ReasonCode.IntegrationUnauthorized : ReasonCode.FactsStale, moment.FreshAt(policy.AsOf, settings), policy.AsOf);
        }

        var shifts = policy.ShiftsOf(request.UserEmail);
        if (!IsCovered(shifts, condition, moment.At))
        {
            var next = NextStart(shifts, condition, moment.At);
            if (moment.At >= policy.KnownUntil && moment.At > moment.Now)
            {
                return Verdict.Fail(ReasonCode.BeyondKnownWindows, next, policy.AsOf);
            }

            return Verdict.Fail(
                IsCovered(shifts, null, moment.At) ? ReasonCode.OnCallElsewhere : ReasonCode.NotOnCall, next, policy.AsOf);
        }

        var end = ChainEnd(shifts, condition, moment.At);
        return new Verdict
        {
            Code = ReasonCode.OnCall,
            Holds = true,
            Until = end,
            NextChange = Verdict.Earlier(end, moment.StaleAt(policy.AsOf, settings)),
            FactsTime = policy.AsOf,
        };
    }

    /// <summary>Whether a shift counts for a condition; every one does for none.</summary>
    public static bool Counts(OnCallShift shift, CompiledCondition? condition) =>
        condition is null
        || ((condition.MaxEscalationLevel == 0 || shift.EscalationLevel <= condition.MaxEscalationLevel)
            && (condition.ScheduleIds is null || (shift.ScheduleId is { } schedule && condition.ScheduleIds.Contains(schedule))));

    /// <summary>
    /// The end of the unbroken stretch of shifts that covers an instant: back-to-back and overlapping shifts of one person are one.
    /// </summary>
    public static DateTimeOffset? ChainEnd(ReadOnlySpan<OnCallShift> shifts, CompiledCondition? condition, DateTimeOffset at)
    {
        var end = at;
        while (true)
        {
            var extended = false;
            foreach (var shift in shifts)
            {
                if (Counts(shift, condition) && shift.Covers(end))
                {
                    if (shift.End is not { } shiftEnd)
                    {
                        return null;
                    }

                    end = shiftEnd;
                    extended = true;
                }
            }

            if (!extended)
            {
                return end;
            }
        }
    }

    private static bool IsCovered(ReadOnlySpan<OnCallShift> shifts, CompiledCondition? condition, DateTimeOffset at)
    {
        foreach (var shift in shifts)
        {
            if (shift.Covers(at) && Counts(shift, condition))
            {
                return true;
            }
        }

        return false;
    }

    private static DateTimeOffset? NextStart(ReadOnlySpan<OnCallShift> shifts, CompiledCondition condition, DateTimeOffset at)
    {
        DateTimeOffset? next = null;
        foreach (var shift in shifts)
        {
            if (shift.Start is { } start && start > at && Counts(shift, condition))
            {
                next = Verdict.Earlier(next, start);
            }
        }

        return next;
    }
}
