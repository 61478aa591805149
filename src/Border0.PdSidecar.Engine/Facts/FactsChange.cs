namespace Border0.PdSidecar.Engine.Facts;

/// <summary>Which services of an integration are known differently than before. A change of age alone is none.</summary>
/// <param name="Integration">The integration.</param>
/// <param name="ServiceIds">
/// The services whose incidents, existence or escalation policy changed, or whose escalation policy's shifts did.
/// </param>
public sealed record FactsChange(IntegrationKey Integration, IReadOnlyCollection<string> ServiceIds);
