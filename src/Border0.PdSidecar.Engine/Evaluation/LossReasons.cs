using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>Finds what was lost when access that was allowed is allowed no more.</summary>
internal static class LossReasons
{
    public static DenialCause Of(IReadOnlyList<string> granted, in Decision after, in AccessRequest request)
    {
        var organization = after.Policies.Of(request.OrganizationId);
        var gone = "";
        foreach (var name in granted)
        {
            var policy = organization?.ByName.GetValueOrDefault(name);
            if (policy is null || !policy.Reaches(request.SocketId, request.SocketTags))
            {
                gone = name;
                continue;
            }

            if (DecisionReasons.FirstFailure(policy, after, request) is { } reason)
            {
                return new DenialCause(
                    reason.Code, name, reason.Condition, reason.Message, ConditionWording.ForUser(reason.Code), Since(policy, reason.Code, after, request));
            }
        }

        return gone.Length > 0
            ? new DenialCause(
                ReasonCode.NoPolicy, gone, "", $"Policy {gone} was deleted or does not reach the socket any more.", ConditionWording.ForUser(ReasonCode.NoPolicy), null)
            : Of(after, request);
    }

    /// <summary>Of a session that nothing granted so far as is known: the first reason of the deny.</summary>
    private static DenialCause Of(in Decision after, in AccessRequest request)
    {
        var reason = Evaluator.Explain(after, request)[0];
        return new DenialCause(reason.Code, reason.PolicyName, reason.Condition, reason.Message, ConditionWording.ForUser(reason.Code), null);
    }

    /// <summary>When the condition stopped holding, where that is known of itself.</summary>
    private static DateTimeOffset? Since(CompiledPolicy policy, ReasonCode code, in Decision after, in AccessRequest request)
    {
        switch (code)
        {
            case ReasonCode.NoLongerValid:
                return policy.Source.Condition.When.Before.ToDateTimeOffset();
            case ReasonCode.SessionDurationExceeded:
                return after.SessionOpened + policy.Grants.For(request.SocketType)?.MaxSessionDuration;
            case ReasonCode.NotOnCall or ReasonCode.OnCallElsewhere:
                return LastShiftEnd(policy, after, request);
            case ReasonCode.NoIncident or ReasonCode.NotInvolvedInIncident:
                foreach (var condition in policy.Conditions)
                {
                    if (condition.RequireIncident && !condition.Shadow
                        && after.Facts.Of(condition.Service.Integration).Incidents.TryGetValue(condition.Service.ServiceId, out var incidents)
                        && IncidentCheck.FirstThatCounts(incidents.Open, condition, request.UserEmail) is null)
                    {
                        return incidents.ChangedAt;
                    }
                }

                return null;
            default:
                return null;
        }
    }

    private static DateTimeOffset? LastShiftEnd(CompiledPolicy policy, in Decision after, in AccessRequest request)
    {
        DateTimeOffset? last = null;
        foreach (var condition in policy.Conditions)
        {
            if (!condition.RequireOnCall || condition.Shadow)
            {
                continue;
            }

            var facts = after.Facts.Of(condition.Service.Integration);
            if (facts.Services.GetValueOrDefault(condition.Service.ServiceId)?.EscalationPolicyId is { } id
                && facts.EscalationPolicies.TryGetValue(id, out var escalation))
            {
                foreach (var shift in escalation.ShiftsOf(request.UserEmail))
                {
                    if (shift.End is { } end && end <= after.At && (last is null || end > last) && OnCallCheck.Counts(shift, condition))
                    {
                        last = end;
                    }
                }
            }
        }

        return last;
    }
}
