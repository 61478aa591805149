using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>A whole policy: who, where, when, how long, and every enforced PagerDuty condition.</summary>
internal static class PolicyCheck
{
    /// <summary>Checks until the first thing that does not hold.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="longestSession">How long a session may last under it, for the socket's type.</param>
    /// <param name="facts">What is known of PagerDuty.</param>
    /// <param name="request">The connection.</param>
    /// <param name="moment">When.</param>
    /// <param name="opened">When the session was opened.</param>
    public static Verdict Check(
        CompiledPolicy policy,
        TimeSpan? longestSession,
        FactsSnapshot facts,
        in AccessRequest request,
        in Moment moment,
        DateTimeOffset opened)
    {
        if (policy.Who is { } who && !who.Matches(request.UserEmail, request.ServiceAccount, request.Groups))
        {
            return Verdict.Fail(ReasonCode.WhoNotMatched);
        }

        if (policy.Where is { } where && where.Judge(request.ClientAddress, request.ClientCountry) is var place and not ReasonCode.WhereMatched)
        {
            return Verdict.Fail(place);
        }

        var verdict = CheckDuration(longestSession, moment, opened);
        if (!verdict.Holds)
        {
            return verdict;
        }

        if (policy.When is { } window)
        {
            var when = CheckWhen(window, moment.At);
            if (!when.Holds)
            {
                return when;
            }

            verdict = verdict.And(when);
        }

        foreach (var condition in policy.Conditions)
        {
            if (!condition.Shadow)
            {
                var one = ConditionCheck.Check(condition, facts, request, moment);
                if (!one.Holds)
                {
                    return one;
                }

                verdict = verdict.And(one);
            }
        }

        return verdict;
    }

    /// <summary>Checks how long the session has lasted.</summary>
    public static Verdict CheckDuration(TimeSpan? longestSession, in Moment moment, DateTimeOffset opened)
    {
        if (longestSession is not { } longest)
        {
            return Verdict.Pass(ReasonCode.Granted);
        }

        var end = opened + longest;
        return moment.At < end
            ? new Verdict { Code = ReasonCode.Granted, Holds = true, Until = end, NextChange = end }
            : Verdict.Fail(ReasonCode.SessionDurationExceeded);
    }

    /// <summary>Checks the instant.</summary>
    public static Verdict CheckWhen(WhenWindow window, DateTimeOffset at)
    {
        var code = window.At(at) switch
        {
            WhenWindow.Verdict.In => ReasonCode.WhenMatched,
            WhenWindow.Verdict.TooEarly => ReasonCode.NotYetValid,
            WhenWindow.Verdict.TooLate => ReasonCode.NoLongerValid,
            _ => ReasonCode.OutsideTimeOfDay,
        };
        var next = window.NextChange(at);
        return code == ReasonCode.WhenMatched
            ? new Verdict { Code = code, Holds = true, Until = next, NextChange = next }
            : Verdict.Fail(code, next);
    }

    /// <summary>How many shadow conditions would have denied.</summary>
    public static int ShadowDenials(CompiledPolicy policy, FactsSnapshot facts, in AccessRequest request, in Moment moment)
    {
        var denials = 0;
        foreach (var condition in policy.Conditions)
        {
            if (condition.Shadow && !ConditionCheck.Check(condition, facts, request, moment).Holds)
            {
                denials++;
            }
        }

        return denials;
    }
}
