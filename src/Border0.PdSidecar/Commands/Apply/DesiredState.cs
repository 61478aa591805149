using Border0.PdSidecar.Commands.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>What files say should be there.</summary>
/// <param name="Integrations">The integrations.</param>
/// <param name="Policies">The policies.</param>
/// <param name="Organization">The organization that the files name; empty when they name none.</param>
internal sealed record DesiredState(IReadOnlyList<IntegrationInput> Integrations, IReadOnlyList<PolicyInput> Policies, string Organization);

/// <summary>An integration as somebody wrote it down: without its secrets, which are elsewhere.</summary>
/// <param name="Integration">Its fields.</param>
/// <param name="Key">Where its API key is; null when the file does not say.</param>
/// <param name="WebhookSecrets">Where its webhook secrets are; null when the file does not say.</param>
/// <param name="Source">Where it stands, for errors.</param>
internal sealed record IntegrationInput(Integration Integration, SecretReference? Key, SecretReference? WebhookSecrets, string Source);
