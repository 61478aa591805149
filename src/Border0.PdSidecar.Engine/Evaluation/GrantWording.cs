using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
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
    public static void Granted(IReasonSink reasons, CompiledPolicy policy, FactsSnapshot facts, in AccessRequest request, in Moment moment)
    {
        var text = new Utf8Text(stackalloc byte[Usual]);
        text.Add(policy.Name.Length == 0 ? "The policy"u8 : "Policy "u8);
        text.Add(policy.Name);
        text.Add(" grants access."u8);
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
                text.Add(" "u8);
                oldest = Verdict.Earlier(oldest, OnCall(ref text, condition, known, request, moment));
            }

            if (condition.RequireIncident)
            {
                text.Add(" "u8);
                oldest = Verdict.Earlier(oldest, IncidentOpen(ref text, condition, known, request, moment));
            }
        }

        reasons.AddGranted(policy.Name, text.Written, oldest is { } asOf ? AgeOf(asOf, moment) : null);
        text.Dispose();
    }

    /// <summary>Until when the user is on call.</summary>
    public static string OnCall(CompiledCondition condition, IntegrationFacts facts, in AccessRequest request, in Moment moment)
    {
        var text = new Utf8Text(stackalloc byte[Usual]);
        OnCall(ref text, condition, facts, request, moment);
        var sentence = text.ToString();
        text.Dispose();
        return sentence;
    }

    /// <summary>Which incident it is.</summary>
    public static string IncidentOpen(CompiledCondition condition, IntegrationFacts facts, in AccessRequest request, in Moment moment)
    {
        var text = new Utf8Text(stackalloc byte[Usual]);
        IncidentOpen(ref text, condition, facts, request, moment);
        var sentence = text.ToString();
        text.Dispose();
        return sentence;
    }

    /// <summary>"#12 "It is down"".</summary>
    public static string Name(OpenIncident incident)
    {
        var text = new Utf8Text(stackalloc byte[Usual]);
        Name(ref text, incident);
        var name = text.ToString();
        text.Dispose();
        return name;
    }

    /// <summary>How old facts are; those from ahead of now count as new.</summary>
    public static Duration Age(DateTimeOffset asOf, in Moment moment) => AgeOf(asOf, moment).ToDuration();

    private static TimeSpan AgeOf(DateTimeOffset asOf, in Moment moment) => moment.Now > asOf ? moment.Now - asOf : TimeSpan.Zero;

    private static DateTimeOffset OnCall(
        ref Utf8Text text, CompiledCondition condition, IntegrationFacts facts, in AccessRequest request, in Moment moment)
    {
        var service = facts.Services[condition.Service.ServiceId];
        var policy = facts.EscalationPolicies[service.EscalationPolicyId!];
        text.Add(Wording.Cut(request.UserEmail));
        text.Add(" is on call for escalation policy "u8);
        text.AddNamed(policy.Name, policy.Id);
        if (OnCallCheck.ChainEnd(policy.ShiftsOf(request.UserEmail), condition, moment.At) is { } end)
        {
            text.Add(" until "u8);
            text.AddInstant(end, moment.At);
        }

        text.Add(". "u8);
        text.AddAge(policy.AsOf, moment.Now);
        return policy.AsOf;
    }

    private static DateTimeOffset IncidentOpen(
        ref Utf8Text text, CompiledCondition condition, IntegrationFacts facts, in AccessRequest request, in Moment moment)
    {
        var incidents = facts.Incidents[condition.Service.ServiceId];
        var incident = IncidentCheck.FirstThatCounts(incidents.Open, condition, request.UserEmail)!;
        text.Add("Incident "u8);
        Name(ref text, incident);
        text.Add(" of service "u8);
        text.AddNamed(facts.Services.TryGetValue(condition.Service.ServiceId, out var service) ? service.Name : "", condition.Service.ServiceId);
        text.Add(incident.Acknowledged ? " is acknowledged. "u8 : " is triggered. "u8);
        text.AddAge(incidents.AsOf, moment.Now);
        return incidents.AsOf;
    }

    private static void Name(ref Utf8Text text, OpenIncident incident)
    {
        if (incident.Number > 0)
        {
            text.Add("#"u8);
            text.Add(incident.Number);
        }
        else
        {
            text.Add(incident.Id);
        }

        if (incident.Title.Length > 0)
        {
            text.Add(" \""u8);
            text.Add(Wording.Cut(incident.Title));
            text.Add("\""u8);
        }
    }
}
