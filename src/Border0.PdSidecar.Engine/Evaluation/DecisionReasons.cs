using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

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
        if (decision.Allowed && !policy.HasShadow)
        {
            // What makes up nearly every answer to a new connection is said without a trace.
            if (PolicyCheck.Check(policy, grant.MaxSessionDuration, decision.Facts, request, moment, opened).Holds)
            {
                reasons.Add(GrantWording.Granted(policy, decision.Facts, request, moment));
            }

            return;
        }

        var trace = new PolicyTracer(policy, grant.MaxSessionDuration, decision.Facts, request, moment, opened).Trace();
        Add(reasons, trace, decision.Allowed);
    }

    /// <summary>The reasons that a trace gives for an allow or a deny.</summary>
    public static void Add(IList<Reason> reasons, PolicyTrace trace, bool allowed)
    {
        if (allowed && !trace.Holds)
        {
            return;
        }

        if (trace.Holds)
        {
            reasons.Add(Granted(trace));
        }

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

    private static Reason Granted(PolicyTrace trace)
    {
        var because = trace.Conditions.Where(c => !c.Shadow && c.Outcome == ConditionOutcome.Pass && c.Condition.StartsWith("integrations", StringComparison.Ordinal))
            .SelectMany(c => c.Parts.Count > 0 ? c.Parts.AsEnumerable() : [c])
            .Select(c => c.Reason.Message)
            .ToList();
        Duration? oldest = null;
        foreach (var part in trace.Conditions.Where(c => !c.Shadow).SelectMany(c => c.Parts))
        {
            var age = part.Reason.FactsAge;
            oldest = age is not null && (oldest is null || age.ToTimeSpan() > oldest.ToTimeSpan()) ? age : oldest;
        }

        var name = trace.PolicyName.Length == 0 ? "The policy" : $"Policy {trace.PolicyName}";
        return new Reason
        {
            Code = ReasonCode.Granted,
            PolicyName = trace.PolicyName,
            Message = because.Count == 0 ? $"{name} grants access." : $"{name} grants access. {string.Join(" ", because)}",
            FactsAge = oldest,
        };
    }
}
