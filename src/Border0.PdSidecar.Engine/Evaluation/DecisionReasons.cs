using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>Tells the reasons of a decision by looking at its snapshots once more.</summary>
internal static class DecisionReasons
{
    /// <summary>However many policies reach a socket: an answer stays readable, and bounded.</summary>
    private const int Most = 32;

    /// <summary>Tells the reasons, the first few of them.</summary>
    public static void Tell(IReasonSink into, in Decision decision, in AccessRequest request)
    {
        var place = -1;
        if (decision.Policies.Of(request.OrganizationId) is { } organization)
        {
            var told = 0;
            foreach (var policy in organization.PoliciesFor(request))
            {
                place++;
                if (told < Most)
                {
                    told += Tell(into, Most - told, policy, place, decision, request);
                }
            }
        }

        if (place < 0)
        {
            into.Add(new Reason
            {
                Code = ReasonCode.NoPolicy,
                Message = $"No policy reaches socket {Wording.Cut(request.SocketId)}: attach one to it, make one organization-wide, or give it a tag rule.",
            });
        }
    }

    /// <summary>Why one policy does not grant what a decision denies; null when it is not this policy that denies.</summary>
    public static Reason? FirstFailure(CompiledPolicy policy, in Decision decision, in AccessRequest request)
    {
        if (decision.Allowed)
        {
            return null;
        }

        if (policy.Grants.For(request.SocketType) is not { } grant)
        {
            return NothingForType(policy, request);
        }

        var moment = new Moment(decision.At, decision.At, decision.Purpose);
        return new PolicyTracer(policy, grant.MaxSessionDuration, decision.Facts, request, moment, decision.SessionOpened ?? decision.At).FirstFailure();
    }

    /// <summary>Tells the reasons of one policy, and how many those are.</summary>
    private static int Tell(IReasonSink into, int most, CompiledPolicy policy, int place, in Decision decision, in AccessRequest request)
    {
        if (policy.Grants.For(request.SocketType) is not { } grant)
        {
            if (decision.Allowed)
            {
                return 0;
            }

            into.Add(NothingForType(policy, request));
            return 1;
        }

        var moment = new Moment(decision.At, decision.At, decision.Purpose);
        var opened = decision.SessionOpened ?? decision.At;
        var told = 0;
        if (decision.Allowed)
        {
            if (!(place < Decision.MostHolding
                ? (decision.Holding & 1UL << place) != 0
                : PolicyCheck.Check(policy, grant.MaxSessionDuration, decision.Facts, request, moment, opened).Holds))
            {
                return 0;
            }

            GrantWording.Granted(into, policy, decision.Facts, request, moment);
            told = 1;
            if (!policy.HasShadow)
            {
                // Nothing else to tell: what is nearly every answer to a new connection makes no trace.
                return told;
            }
        }

        List<Reason> failures = [];
        AddFailures(failures, new PolicyTracer(policy, grant.MaxSessionDuration, decision.Facts, request, moment, opened).Trace());
        foreach (var failure in failures.Take(most - told))
        {
            into.Add(failure);
            told++;
        }

        return told;
    }

    /// <summary>The reasons of what does not hold, be it enforced or only watched.</summary>
    public static void AddFailures(IList<Reason> reasons, PolicyTrace trace)
    {
        foreach (var condition in trace.Conditions)
        {
            if (condition.Outcome != ConditionOutcome.Fail)
            {
                continue;
            }

            if (condition.Shadow)
            {
                var shadow = condition.Reason.Clone();
                shadow.Code = ReasonCode.ShadowWouldDeny;
                shadow.Message = "Only watched, would have denied: " + shadow.Message;
                reasons.Add(shadow);
            }
            else if (condition.Parts.Count == 0)
            {
                reasons.Add(condition.Reason);
            }
            else
            {
                foreach (var part in condition.Parts)
                {
                    if (part.Outcome == ConditionOutcome.Fail)
                    {
                        reasons.Add(part.Reason);
                    }
                }
            }
        }
    }

    private static Reason NothingForType(CompiledPolicy policy, in AccessRequest request) => new()
    {
        Code = ReasonCode.NoGrantForSocketType,
        PolicyName = policy.Name,
        Message = $"Policy {policy.Name} grants nothing for sockets of type {Wording.Cut(request.SocketType)}.",
    };
}
