using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>Tells the reasons of a decision by looking at its snapshots once more.</summary>
internal static class DecisionReasons
{
    /// <summary>However many policies reach a socket: an answer stays readable, and bounded.</summary>
    private const int Most = 32;

    public static void Add(IList<Reason> reasons, in Decision decision, in AccessRequest request)
    {
        var reached = 0;
        if (decision.Policies.Of(request.OrganizationId) is { } organization)
        {
            foreach (var policy in organization.PoliciesFor(request))
            {
                reached++;
                if (reasons.Count < Most)
                {
                    Add(reasons, policy, decision, request);
                }
            }
        }

        if (reached == 0)
        {
            reasons.Add(new Reason
            {
                Code = ReasonCode.NoPolicy,
                Message = $"No policy reaches socket {Wording.Cut(request.SocketId)}: attach one to it, make one organization-wide, or give it a tag rule.",
            });
        }

        while (reasons.Count > Most)
        {
            reasons.RemoveAt(reasons.Count - 1);
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

    /// <summary>The reasons of one policy.</summary>
    public static void Add(IList<Reason> reasons, CompiledPolicy policy, in Decision decision, in AccessRequest request)
    {
        if (policy.Grants.For(request.SocketType) is not { } grant)
        {
            if (!decision.Allowed)
            {
                reasons.Add(NothingForType(policy, request));
            }

            return;
        }

        var moment = new Moment(decision.At, decision.At, decision.Purpose);
        var opened = decision.SessionOpened ?? decision.At;
        if (decision.Allowed)
        {
            if (!PolicyCheck.Check(policy, grant.MaxSessionDuration, decision.Facts, request, moment, opened).Holds)
            {
                return;
            }

            reasons.Add(GrantWording.Granted(policy, decision.Facts, request, moment));
            if (!policy.HasShadow)
            {
                // Nothing else to tell: what is nearly every answer to a new connection makes no trace.
                return;
            }
        }

        AddFailures(reasons, new PolicyTracer(policy, grant.MaxSessionDuration, decision.Facts, request, moment, opened).Trace());
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
