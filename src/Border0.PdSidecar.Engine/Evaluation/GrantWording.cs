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

    /// <summary>The reason of a policy that holds and has no shadow conditions.</summary>
    public static Reason Granted(CompiledPolicy policy, FactsSnapshot facts, in AccessRequest request, in Moment moment)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[Usual]);
        text.AppendLiteral(policy.Name.Length == 0 ? "The policy" : "Policy ");
        text.AppendLiteral(policy.Name);
        text.AppendLiteral(" grants access.");
        DateTimeOffset? oldest = null;
        foreach (var condition in policy.Conditions)
        {
            if (condition.IsNoOp)
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
        Named(ref text, policy.Name, policy.Id);
        if (OnCallCheck.ChainEnd(policy.ShiftsOf(request.UserEmail), condition, moment.At) is { } end)
        {
            text.AppendLiteral(" until ");
            Instant(ref text, end, moment.At);
        }

        FactsAge(ref text, policy.AsOf, moment);
        return policy.AsOf;
    }

    private static DateTimeOffset IncidentOpen(
        ref DefaultInterpolatedStringHandler text, CompiledCondition condition, IntegrationFacts facts, in AccessRequest request, in Moment moment)
    {
        var incidents = facts.Incidents[condition.Service.ServiceId];
        var incident = IncidentCheck.FirstThatCounts(incidents.Open, condition, request.UserEmail)!;
        text.AppendLiteral("Incident ");
        if (incident.Number > 0)
        {
            text.AppendLiteral("#");
            text.AppendFormatted(incident.Number);
        }
        else
        {
            text.AppendLiteral(incident.Id);
        }

        if (incident.Title.Length > 0)
        {
            text.AppendLiteral(" \"");
            text.AppendLiteral(Wording.Cut(incident.Title));
            text.AppendLiteral("\"");
        }

        text.AppendLiteral(" of service ");
        Named(ref text, facts.Services.TryGetValue(condition.Service.ServiceId, out var service) ? service.Name : "", condition.Service.ServiceId);
        text.AppendLiteral(incident.Acknowledged ? " is acknowledged" : " is triggered");
        FactsAge(ref text, incidents.AsOf, moment);
        return incidents.AsOf;
    }

    private static void FactsAge(ref DefaultInterpolatedStringHandler text, DateTimeOffset asOf, in Moment moment)
    {
        text.AppendLiteral(". Facts are ");
        var (count, unit) = Wording.Units(moment.Now - asOf);
        text.AppendFormatted(count);
        text.AppendLiteral(unit);
        text.AppendLiteral(" old.");
    }

    private static void Named(ref DefaultInterpolatedStringHandler text, string name, string id)
    {
        if (name.Length == 0 || name == id)
        {
            text.AppendLiteral(id);
            return;
        }

        text.AppendLiteral(Wording.Cut(name));
        text.AppendLiteral(" (");
        text.AppendLiteral(id);
        text.AppendLiteral(")");
    }

    private static void Instant(ref DefaultInterpolatedStringHandler text, DateTimeOffset instant, DateTimeOffset saidAt)
    {
        var utc = instant.UtcDateTime;
        text.AppendFormatted(utc, Wording.InstantFormat(utc, saidAt));
    }
}
