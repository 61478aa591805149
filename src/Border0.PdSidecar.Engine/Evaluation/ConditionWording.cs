using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>What a PagerDuty condition's outcome means, in a sentence that says what would have to change.</summary>
internal static class ConditionWording
{
    /// <summary>The sentence for the administrator.</summary>
    public static string Sentence(
        CompiledCondition condition, ReasonCode code, IntegrationFacts facts, in AccessRequest request, in Moment moment)
    {
        var service = facts.Services.GetValueOrDefault(condition.Service.ServiceId);
        var serviceName = "service " + Wording.Named(service?.Name ?? "", condition.Service.ServiceId);
        var policy = service?.EscalationPolicyId is { } id ? facts.EscalationPolicies.GetValueOrDefault(id) : null;
        var policyName = "escalation policy " + Wording.Named(policy?.Name ?? "", service?.EscalationPolicyId ?? "");
        var user = Wording.Cut(request.UserEmail);
        var at = moment.At;
        switch (code)
        {
            case ReasonCode.Granted:
                return "All that the condition requires holds.";
            case ReasonCode.NoOp:
                return $"The condition on {serviceName} requires neither on-call duty nor an incident, so it restricts nothing.";
            case ReasonCode.IntegrationNotFound:
                return $"Integration {condition.IntegrationName} does not exist; create it or change the policy.";
            case ReasonCode.ServiceNotFound:
                return $"PagerDuty has no service {condition.Service.ServiceId} in the account of integration {condition.IntegrationName}.";
            case ReasonCode.FactsUnknown:
                return $"PagerDuty has not answered about {serviceName} through integration {condition.IntegrationName} yet.";
            case ReasonCode.FactsStale:
                return Stale(condition, serviceName, facts, service, policy, moment);
            case ReasonCode.IntegrationUnauthorized:
                return $"PagerDuty refuses the API key of integration {condition.IntegrationName}; replace it by a valid read-only key.";
            case ReasonCode.NoEscalationPolicy:
                return $"PagerDuty's {serviceName} uses no escalation policy, so nobody is on call for it.";
            case ReasonCode.ServiceAccountNotAResponder:
                return $"Service account {Wording.Cut(request.ServiceAccount)} is never on call and never involved in an incident.";
            case ReasonCode.OnCall:
                return GrantWording.OnCall(condition, facts, request, moment);
            case ReasonCode.OnCallElsewhere:
                return $"{user} is on call for {policyName}, but not {Filter(condition)}; on call so: {OnCallNow(policy!, condition, at)}. {Age(policy!.AsOf, moment)}";
            case ReasonCode.NotOnCall:
                return $"{user} is not on call for {policyName}; on call now: {OnCallNow(policy!, condition, at)}. {Age(policy!.AsOf, moment)}";
            case ReasonCode.BeyondKnownWindows:
                return $"On-call windows of {policyName} are known until {Wording.Instant(policy!.KnownUntil, moment.Now)} only.";
            case ReasonCode.IncidentOpen:
                return GrantWording.IncidentOpen(condition, facts, request, moment);
            case ReasonCode.NoIncident:
                return $"{Capital(serviceName)} has no triggered or acknowledged incident. {Age(facts.Incidents[condition.Service.ServiceId].AsOf, moment)}";
            case ReasonCode.NotInvolvedInIncident:
                var open = facts.Incidents[condition.Service.ServiceId];
                var verb = condition.Involvement == IncidentInvolvement.Assigned ? "is assigned to" : "was acknowledged by";
                return $"No open incident of {serviceName} {verb} {user}; open: {Wording.List([.. open.Open.Select(i => GrantWording.Name(i))])}. {Age(open.AsOf, moment)}";
            default:
                return code.ToString();
        }
    }

    /// <summary>The sentence for the user: what they lack, without colleagues and inner workings.</summary>
    public static string ForUser(ReasonCode code) => code switch
    {
        ReasonCode.NotOnCall or ReasonCode.OnCallElsewhere or ReasonCode.NoEscalationPolicy => "You are not on call for this service any more.",
        ReasonCode.NoIncident => "The incident that this access was for is resolved.",
        ReasonCode.NotInvolvedInIncident => "You are not involved in an open incident of this service any more.",
        ReasonCode.FactsStale or ReasonCode.FactsUnknown or ReasonCode.IntegrationUnauthorized =>
            "It could not be confirmed with PagerDuty for too long that this access is still needed.",
        ReasonCode.NoLongerValid or ReasonCode.OutsideTimeOfDay or ReasonCode.NotYetValid => "The time for which this access was granted is over.",
        ReasonCode.SessionDurationExceeded => "The session has lasted as long as it may. You may connect again.",
        ReasonCode.WhoNotMatched or ReasonCode.IpNotAllowed or ReasonCode.IpUnknown or ReasonCode.CountryNotAllowed or ReasonCode.CountryUnknown =>
            "The access policy does not include you any more.",
        _ => "The access policy does not allow this session any more.",
    };

    /// <summary>The age of facts at the end of a sentence.</summary>
    private static string Age(DateTimeOffset asOf, in Moment moment) => Wording.Age(asOf, moment.Now);

    private static TimeSpan Bound(IntegrationSettings settings, EvaluationPurpose purpose) =>
        purpose == EvaluationPurpose.NewConnection ? settings.MaxStaleness : settings.SessionMaxStaleness;

    private static string Stale(
        CompiledCondition condition, string serviceName, IntegrationFacts facts, ServiceFacts? service, EscalationPolicyFacts? policy, in Moment moment)
    {
        // The service itself has a larger bound: only where it is beyond that, it is what is stale.
        var (asOf, bound) = ((DateTimeOffset?)null, Bound(condition.Settings!, moment.Purpose));
        if (service is not null && !moment.IsMappingFresh(service.AsOf, condition.Settings!))
        {
            (asOf, bound) = (service.AsOf, condition.Settings!.MappingMaxStaleness);
        }
        else
        {
            if (condition.RequireIncident)
            {
                asOf = facts.Incidents.GetValueOrDefault(condition.Service.ServiceId)?.AsOf;
            }

            if (condition.RequireOnCall)
            {
                asOf = Verdict.Earlier(asOf, policy?.AsOf);
            }
        }

        var known = $"what is known of {serviceName} through integration {condition.IntegrationName}";
        return asOf > moment.Now
            ? $"This machine's clock was set back, so how old {known} is cannot be told; PagerDuty has to answer again."
            : $"{char.ToUpperInvariant(known[0])}{known[1..]} is {Wording.Span(moment.Now - (asOf ?? moment.Now))} old, "
                + $"more than the {Wording.Span(bound)} allowed; PagerDuty has to answer again.";
    }

    private static string Filter(CompiledCondition condition)
    {
        var parts = new List<string>(2);
        if (condition.MaxEscalationLevel > 0)
        {
            parts.Add($"at level {condition.MaxEscalationLevel} or below");
        }

        if (condition.ScheduleIds is { } schedules)
        {
            parts.Add("by schedule " + Wording.List([.. schedules.Order(StringComparer.Ordinal)]));
        }

        return string.Join(" ", parts);
    }

    private static string OnCallNow(EscalationPolicyFacts policy, CompiledCondition condition, DateTimeOffset at)
    {
        var people = policy.Shifts.Where(s => s.Covers(at) && OnCallCheck.Counts(s, condition))
            .OrderBy(s => s.EscalationLevel)
            .Select(s => s.User)
            .DistinctBy(u => u.Id)
            .Select(u => (Name: u.Email.Length > 0 ? u.Email : Wording.Named(u.Name, u.Id),
                End: u.Email.Length > 0 ? OnCallCheck.ChainEnd(policy.ShiftsOf(u.Email), condition, at) : null))
            .Select(p => p.End is { } end ? $"{p.Name} until {Wording.Instant(end, at)}" : p.Name)
            .ToList();
        return people.Count == 0 ? "nobody" : Wording.List(people);
    }

    private static string Capital(string sentence) => char.ToUpperInvariant(sentence[0]) + sentence[1..];
}
