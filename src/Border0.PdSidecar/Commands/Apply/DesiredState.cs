using Border0.PdSidecar.Commands.Policies;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>What files say should be there.</summary>
/// <param name="Integrations">The integrations.</param>
/// <param name="Policies">The policies.</param>
/// <param name="Organization">The organization that the files name; empty when they name none.</param>
internal sealed record DesiredState(IReadOnlyList<IntegrationInput> Integrations, IReadOnlyList<PolicyInput> Policies, string Organization);
