namespace Border0.PdSidecar.Engine.Facts;

/// <summary>Puts an update into an integration's facts, and tells which services are known differently by it.</summary>
internal static class FactsMerge
{
    public static IntegrationFacts Apply(IntegrationFacts before, FactsUpdate update) => new()
    {
        Services = Merge(before.Services, update.Services, s => s.Id, update.ForgottenServices),
        Incidents = Merge(before.Incidents, update.Incidents, i => i.ServiceId, update.ForgottenServices),
        EscalationPolicies = Merge(
            before.EscalationPolicies, update.EscalationPolicies, p => p.Id, update.ForgottenEscalationPolicies),
        Unauthorized = update.Unauthorized ?? before.Unauthorized,
    };

    public static IReadOnlyCollection<string> ChangedServices(
        IntegrationFacts before, IntegrationFacts after, FactsUpdate update)
    {
        var changed = new HashSet<string>(update.ForgottenServices);
        foreach (var service in update.Services)
        {
            if (!before.Services.TryGetValue(service.Id, out var known) || !known.SaysTheSameAs(service))
            {
                changed.Add(service.Id);
            }
        }

        foreach (var incidents in update.Incidents)
        {
            if (!before.Incidents.TryGetValue(incidents.ServiceId, out var known) || !known.SaysTheSameAs(incidents))
            {
                changed.Add(incidents.ServiceId);
            }
        }

        var policies = new HashSet<string>(update.ForgottenEscalationPolicies);
        foreach (var policy in update.EscalationPolicies)
        {
            if (!before.EscalationPolicies.TryGetValue(policy.Id, out var known) || !known.SaysTheSameAs(policy))
            {
                policies.Add(policy.Id);
            }
        }

        if (policies.Count > 0)
        {
            foreach (var service in after.Services.Values)
            {
                if (service.EscalationPolicyId is { } id && policies.Contains(id))
                {
                    changed.Add(service.Id);
                }
            }
        }

        return changed;
    }

    private static IReadOnlyDictionary<string, T> Merge<T>(
        IReadOnlyDictionary<string, T> before,
        IReadOnlyCollection<T> put,
        Func<T, string> id,
        IReadOnlyCollection<string> forgotten)
    {
        if (put.Count == 0 && forgotten.Count == 0)
        {
            return before;
        }

        var merged = new Dictionary<string, T>(before.Count + put.Count, StringComparer.Ordinal);
        foreach (var (key, value) in before)
        {
            merged.Add(key, value);
        }

        foreach (var value in put)
        {
            merged[id(value)] = value;
        }

        foreach (var key in forgotten)
        {
            merged.Remove(key);
        }

        return merged;
    }
}
