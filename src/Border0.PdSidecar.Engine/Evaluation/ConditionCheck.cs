using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>A whole PagerDuty condition: the service, then what is required of it.</summary>
internal static class ConditionCheck
{
    /// <summary>Checks the condition and all of its parts.</summary>
    public static Verdict Check(CompiledCondition condition, FactsSnapshot facts, in AccessRequest request, in Moment moment)
    {
        if (condition.IsNoOp)
        {
            return Verdict.Pass(ReasonCode.NoOp);
        }

        var known = facts.Of(condition.Service.Integration);
        var verdict = CheckService(condition, known, moment, out var service);
        if (!verdict.Holds)
        {
            return verdict;
        }

        if (condition.RequireOnCall)
        {
            var onCall = OnCallCheck.Check(condition, known, service!, request, moment);
            if (!onCall.Holds)
            {
                return onCall;
            }

            verdict = onCall.And(verdict);
        }

        if (condition.RequireIncident)
        {
            var incident = IncidentCheck.Check(condition, known, request, moment);
            if (!incident.Holds)
            {
                // While the shift lasts nothing but facts changes this.
                return incident;
            }

            verdict = verdict.And(incident);
        }

        return verdict;
    }

    /// <summary>Checks that the integration and the service are there and known well enough.</summary>
    public static Verdict CheckService(CompiledCondition condition, IntegrationFacts facts, in Moment moment, out ServiceFacts? service)
    {
        service = null;
        if (condition.Settings is not { } settings)
        {
            return Verdict.Fail(ReasonCode.IntegrationNotFound);
        }

        if (!facts.Services.TryGetValue(condition.Service.ServiceId, out service))
        {
            return Verdict.Fail(facts.Unauthorized ? ReasonCode.IntegrationUnauthorized : ReasonCode.FactsUnknown);
        }

        if (!moment.IsMappingFresh(service.AsOf, settings))
        {
            return Verdict.Fail(facts.Unauthorized ? ReasonCode.IntegrationUnauthorized : ReasonCode.FactsStale, moment.MappingFreshAt(service.AsOf, settings));
        }

        return service.Exists
            ? new Verdict { Code = ReasonCode.Granted, Holds = true, NextChange = Moment.MappingStaleAt(service.AsOf, settings) }
            : Verdict.Fail(ReasonCode.ServiceNotFound);
    }
}
