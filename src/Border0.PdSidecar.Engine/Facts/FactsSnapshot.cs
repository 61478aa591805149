using System.Collections.Frozen;

namespace Border0.PdSidecar.Engine.Facts;

/// <summary>All that is known of PagerDuty at one moment. Immutable; swapped as one reference.</summary>
/// <param name="Integrations">The facts by integration.</param>
/// <param name="Revision">Counts the snapshots of this process.</param>
public sealed record FactsSnapshot(FrozenDictionary<IntegrationKey, IntegrationFacts> Integrations, long Revision)
{
    /// <summary>Nothing known of anything.</summary>
    public static FactsSnapshot Empty { get; } = new(FrozenDictionary<IntegrationKey, IntegrationFacts>.Empty, 0);

    /// <summary>The facts of an integration; <see cref="IntegrationFacts.Empty"/> when none are known.</summary>
    public IntegrationFacts Of(IntegrationKey integration) =>
        Integrations.TryGetValue(integration, out var facts) ? facts : IntegrationFacts.Empty;
}
