using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>One policy by itself, for somebody who wants to see what it would decide.</summary>
internal static class PolicyTest
{
    public static TestPolicyResponse Run(CompiledPolicy policy, FactsSnapshot facts, in AccessRequest request, in Moment moment)
    {
        var grant = policy.Grants.For(request.SocketType);
        var trace = new PolicyTracer(policy, grant?.MaxSessionDuration, facts, request, moment, moment.At).Trace();
        var verdict = PolicyCheck.Check(policy, grant?.MaxSessionDuration, facts, request, moment, moment.At);
        trace.Grants = grant is not null;
        var allowed = trace.Holds && trace.Grants;
        var response = new TestPolicyResponse
        {
            Decision = allowed ? V1.Decision.Allow : V1.Decision.Deny,
            Trace = trace,
            Time = moment.At.ToTimestamp(),
            ValidUntil = allowed ? verdict.Until?.ToTimestamp() : null,
            FactsTime = OldestFacts(trace)?.Clone(),
        };
        if (allowed)
        {
            response.AllowedActions.Add(grant!.Grants.Actions.ToDictionary());
            response.Permissions.Add(grant.Grants.Permissions.ToDictionary());
        }

        var reasons = new List<Reason>();
        if (!trace.Grants)
        {
            reasons.Add(new Reason
            {
                Code = ReasonCode.NoGrantForSocketType,
                PolicyName = policy.Name,
                Message = request.SocketType.Length == 0
                    ? "The policy grants nothing to any type of socket."
                    : $"The policy grants nothing for sockets of type {Wording.Cut(request.SocketType)}.",
            });
        }

        if (allowed)
        {
            GrantWording.Granted(new ReasonList(reasons), policy, facts, request, moment);
        }

        if (allowed || !trace.Holds)
        {
            DecisionReasons.AddFailures(reasons, trace);
        }

        response.Reasons.Add(reasons);
        return response;
    }

    private static Timestamp? OldestFacts(PolicyTrace trace) => trace.Conditions
        .SelectMany(c => c.Parts.Count > 0 ? c.Parts.AsEnumerable() : [c])
        .Select(c => c.FactsTime)
        .Where(t => t is not null)
        .MinBy(t => t.ToDateTimeOffset());
}
