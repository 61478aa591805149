using System.Globalization;
using System.Runtime.CompilerServices;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>
/// Says why a policy grants access, in one pass over its conditions and with no other text made than the one that is answered:
/// every allow tells it.
/// </summary>
internal static class GrantWording
{
    private const int Usual = 512;

    /// <summary>The reason of a policy that holds. Conditions that are only watched do not come into it.</summary>
    public static Reason Granted(CompiledPolicy policy, FactsSnapshot facts, in AccessRequest request, in Moment moment)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[Usual]);
        text.AppendLiteral(policy.Name.Length == 0 ? "The policy" : "Policy ");
        text.AppendLiteral(policy.Name);
        text.AppendLiteral(" grants access.");
        DateTimeOffset? oldest = null;
        foreach (var condition in policy.Conditions)
        {
            if (condition.IsNoOp || condition.Shadow)
            {
                continue;
            }

            var known = facts.Of(condition.Service.Integration);
            if (condition.RequireOnCall)
            {
                text.AppendLiteral(" ");
                oldest = Verdict.Earlier(oldest, OnCall(ref text, condition, known, request, moment));
            }

            if (condition.RequireIncident)
            {
                text.AppendLiteral(" ");
                oldest = Verdict.Earlier(oldest, IncidentOpen(ref text, condition, known, request, moment));
            }
        }

        var message = text.ToStringAndClear();
        return new Reason
        {
            Code = ReasonCode.Granted,
            PolicyName = policy.Name,
            Message = message,
            FactsAge = oldest is { } asOf ? Age(asOf, moment) : null,
        };
    }

    /// <summary>The sentence of a held on-call condition.</summary>
    public static string OnCall(CompiledCondition condition, IntegrationFacts facts, in AccessRequest request, in Moment moment)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[Usual]);
        OnCall(ref text, condition, facts, request, moment);
        return text.ToStringAndClear();
    }

    /// <summary>The sentence of a held incident condition.</summary>
    public static string IncidentOpen(CompiledCondition condition, IntegrationFacts facts, in AccessRequest request, in Moment moment)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[Usual]);
        IncidentOpen(ref text, condition, facts, request, moment);
        return text.ToStringAndClear();
    }

    /// <summary>How old facts are, for the contract; never negative.</summary>
    public static Duration Age(DateTimeOffset asOf, in Moment moment) => (moment.Now > asOf ? moment.Now - asOf : TimeSpan.Zero).ToDuration();

    private static DateTimeOffset OnCall(
        ref DefaultInterpolatedStringHandler text, CompiledCondition condition, IntegrationFacts facts, in AccessRequest request, in Moment moment)
    {
        var service = facts.Services[condition.Service.ServiceId];
        var policy = facts.EscalationPolicies[service.EscalationPolicyId!];
        text.AppendLiteral(Wording.Cut(request.UserEmail));
        text.AppendLiteral(" is on call for escalation policy ");
        text.AppendFormatted(new Named(policy.Name, policy.Id));
        if (OnCallCheck.ChainEnd(policy.ShiftsOf(request.UserEmail), condition, moment.At) is { } end)
        {
            text.AppendLiteral(" until ");
            text.AppendFormatted(end.UtcDateTime, Wording.InstantFormat(end.UtcDateTime, moment.At));
        }

        text.AppendLiteral(". ");
        text.AppendFormatted(new AgeOfFacts(policy.AsOf, moment.Now));
        return policy.AsOf;
    }

    private static DateTimeOffset IncidentOpen(
        ref DefaultInterpolatedStringHandler text, CompiledCondition condition, IntegrationFacts facts, in AccessRequest request, in Moment moment)
    {
        var incidents = facts.Incidents[condition.Service.ServiceId];
        var incident = IncidentCheck.FirstThatCounts(incidents.Open, condition, request.UserEmail)!;
        text.AppendLiteral("Incident ");
        text.AppendFormatted(new IncidentName(incident));
        text.AppendLiteral(" of service ");
        text.AppendFormatted(new Named(facts.Services.TryGetValue(condition.Service.ServiceId, out var service) ? service.Name : "", condition.Service.ServiceId));
        text.AppendLiteral(incident.Acknowledged ? " is acknowledged. " : " is triggered. ");
        text.AppendFormatted(new AgeOfFacts(incidents.AsOf, moment.Now));
        return incidents.AsOf;
    }
}
