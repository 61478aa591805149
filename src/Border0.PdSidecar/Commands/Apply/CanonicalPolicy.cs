using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>Policies that mean the same, as the same.</summary>
internal static class CanonicalPolicy
{
    /// <summary>What somebody can write of a policy, with defaults left out.</summary>
    public static Policy Of(Policy policy)
    {
        var canonical = policy.Clone();
        canonical.Warnings.Clear();
        (canonical.Etag, canonical.OrganizationId, canonical.CreateTime, canonical.UpdateTime) = ("", "", null, null);
        canonical.RevocationGrace = canonical.RevocationGrace is { Seconds: 0, Nanos: 0 } ? null : canonical.RevocationGrace;
        canonical.MaxSessionDuration = canonical.MaxSessionDuration is { Seconds: 0, Nanos: 0 } ? null : canonical.MaxSessionDuration;
        if (canonical.Condition is { } condition)
        {
            condition.Who = condition.Who?.CalculateSize() > 0 ? condition.Who : null;
            condition.Where = condition.Where?.CalculateSize() > 0 ? condition.Where : null;
            condition.When = condition.When?.CalculateSize() > 0 ? condition.When : null;
            canonical.Condition = condition.CalculateSize() > 0 ? condition : null;
        }

        foreach (var part in canonical.Integrations)
        {
            part.Mode = part.Mode == ConditionMode.Enforce ? ConditionMode.Unspecified : part.Mode;
            if (part.PagerdutyOncall is { IncidentInvolvement: IncidentInvolvement.Any } asked)
            {
                asked.IncidentInvolvement = IncidentInvolvement.Unspecified;
            }
        }

        return canonical;
    }
}
