namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>The instants of the oldest facts that an integration's policies use.</summary>
/// <param name="Incidents">Null: none known, or none needed.</param>
/// <param name="OnCall">Null: none known, or none needed.</param>
/// <param name="Services">Null: none known, or none needed.</param>
/// <param name="Policies">Escalation policies of those services.</param>
internal readonly record struct OldestFacts(
    DateTimeOffset? Incidents, DateTimeOffset? OnCall, DateTimeOffset? Services, int Policies)
{
    public static OldestFacts Of(PagerDutyFeed feed)
    {
        var facts = feed.Publisher.Current;
        DateTimeOffset? incidents = null, onCall = null, services = null;
        var policies = new HashSet<string>(StringComparer.Ordinal);
        foreach (var id in feed.Connection.ServiceIds)
        {
            if (facts.Services.TryGetValue(id, out var service))
            {
                services = Older(services, service.AsOf);
                if (service.EscalationPolicyId is { } policy)
                {
                    policies.Add(policy);
                }
            }

            if (facts.Incidents.TryGetValue(id, out var open))
            {
                incidents = Older(incidents, open.AsOf);
            }
        }

        foreach (var id in policies)
        {
            if (facts.EscalationPolicies.TryGetValue(id, out var policy))
            {
                onCall = Older(onCall, policy.AsOf);
            }
        }

        return new OldestFacts(incidents, onCall, services, policies.Count);
    }

    private static DateTimeOffset Older(DateTimeOffset? a, DateTimeOffset b) => a is { } known && known < b ? known : b;
}
