using Border0.PdSidecar.Engine.Facts;

namespace Border0.PdSidecar.Fleet.Facts;

/// <summary>What stands in etcd of one integration's facts, each with the token that it was written under. For one thread at a time.</summary>
internal sealed class PublishedFacts
{
    public Dictionary<string, (PublishedService Value, long Token)> Services { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, (EscalationPolicyFacts Value, long Token)> Policies { get; } = new(StringComparer.Ordinal);

    public PublishedFacts Copy()
    {
        var copy = new PublishedFacts();
        foreach (var (id, service) in Services)
        {
            copy.Services.Add(id, service);
        }

        foreach (var (id, policy) in Policies)
        {
            copy.Policies.Add(id, policy);
        }

        return copy;
    }

    /// <summary>What must be written so that it says the same as <paramref name="facts"/>. Escalation policies first, as services refer to them.</summary>
    public FactsDifference To(IntegrationFacts facts)
    {
        var policies = facts.EscalationPolicies.Values.Where(p => !Policies.TryGetValue(p.Id, out var known) || !known.Value.SaysTheSameAs(p)).ToList();
        var services = facts.Services.Keys.Union(facts.Incidents.Keys, StringComparer.Ordinal)
            .Select(id => (Id: id, Value: new PublishedService(facts.Services.GetValueOrDefault(id), facts.Incidents.GetValueOrDefault(id))))
            .Where(s => !Services.TryGetValue(s.Id, out var known) || !known.Value.SaysTheSameAs(s.Value))
            .ToList();
        return new FactsDifference(
            policies,
            services,
            [.. Services.Keys.Where(id => !facts.Services.ContainsKey(id) && !facts.Incidents.ContainsKey(id))],
            [.. Policies.Keys.Where(id => !facts.EscalationPolicies.ContainsKey(id))]);
    }
}

/// <summary>What is to be written.</summary>
/// <param name="Policies">Escalation policies to put.</param>
/// <param name="Services">Services to put.</param>
/// <param name="GoneServices">Services to delete.</param>
/// <param name="GonePolicies">Escalation policies to delete.</param>
internal sealed record FactsDifference(
    IReadOnlyList<EscalationPolicyFacts> Policies,
    IReadOnlyList<(string Id, PublishedService Value)> Services,
    IReadOnlyList<string> GoneServices,
    IReadOnlyList<string> GonePolicies)
{
    public bool IsNothing => Policies.Count + Services.Count + GoneServices.Count + GonePolicies.Count == 0;
}
