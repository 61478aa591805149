using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>Does the service have a triggered or acknowledged incident that counts?</summary>
internal static class IncidentCheck
{
    /// <summary>Checks, given that the service itself is known, fresh and exists.</summary>
    public static Verdict Check(CompiledCondition condition, IntegrationFacts facts, in AccessRequest request, in Moment moment)
    {
        if (!facts.Incidents.TryGetValue(condition.Service.ServiceId, out var incidents))
        {
            return Verdict.Fail(facts.Unauthorized ? ReasonCode.IntegrationUnauthorized : ReasonCode.FactsUnknown);
        }

        var settings = condition.Settings!;
        if (!moment.IsFresh(incidents.AsOf, settings))
        {
            return Verdict.Fail(facts.Unauthorized ? ReasonCode.IntegrationUnauthorized : ReasonCode.FactsStale, moment.FreshAt(incidents.AsOf, settings), incidents.AsOf);
        }

        if (FirstThatCounts(incidents.Open, condition, request.UserEmail) is null)
        {
            var code = incidents.Open.IsEmpty ? ReasonCode.NoIncident
                : request.UserEmail.Length == 0 ? ReasonCode.ServiceAccountNotAResponder
                : ReasonCode.NotInvolvedInIncident;
            return Verdict.Fail(code, null, incidents.AsOf);
        }

        return new Verdict
        {
            Code = ReasonCode.IncidentOpen,
            Holds = true,
            NextChange = moment.StaleAt(incidents.AsOf, settings),
            FactsTime = incidents.AsOf,
        };
    }

    /// <summary>The first open incident that counts for a user; null for none.</summary>
    public static OpenIncident? FirstThatCounts(ImmutableArray<OpenIncident> open, CompiledCondition condition, string userEmail)
    {
        foreach (var incident in open)
        {
            var counts = condition.Involvement switch
            {
                IncidentInvolvement.Assigned => Has(incident.Assignees, userEmail),
                IncidentInvolvement.Acknowledged => Has(incident.Acknowledgers, userEmail),
                _ => true,
            };
            if (counts)
            {
                return incident;
            }
        }

        return null;
    }

    private static bool Has(ImmutableArray<PagerDutyUser> users, string email)
    {
        if (email.Length == 0)
        {
            return false;
        }

        foreach (var user in users)
        {
            if (user.Email.Equals(email, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
