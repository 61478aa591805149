using System.Collections.Immutable;

namespace Border0.PdSidecar.Engine.Facts;

/// <summary>All that is known of PagerDuty through one integration. Immutable; read from any thread.</summary>
/// <remarks>
/// The dictionaries are plain ones that nobody writes to once the snapshot is published: they are rebuilt at every
/// refresh, which a frozen dictionary is too slow to build for.
/// </remarks>
public sealed class IntegrationFacts
{
    /// <summary>Nothing known.</summary>
    public static IntegrationFacts Empty { get; } = new();

    /// <summary>The services asked about, by id; those that PagerDuty says do not exist included.</summary>
    public IReadOnlyDictionary<string, ServiceFacts> Services { get; init; } =
        ImmutableDictionary<string, ServiceFacts>.Empty;

    /// <summary>The open incidents by service id; a service with none has an empty entry.</summary>
    public IReadOnlyDictionary<string, IncidentFacts> Incidents { get; init; } =
        ImmutableDictionary<string, IncidentFacts>.Empty;

    /// <summary>The on-call shifts by escalation policy id.</summary>
    public IReadOnlyDictionary<string, EscalationPolicyFacts> EscalationPolicies { get; init; } =
        ImmutableDictionary<string, EscalationPolicyFacts>.Empty;

    /// <summary>PagerDuty refuses the key (401, 403): the reason for facts that grow old.</summary>
    public bool Unauthorized { get; init; }
}
