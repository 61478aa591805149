using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>An integration as somebody wrote it down: without its secrets, which are elsewhere.</summary>
/// <param name="Integration">Its fields.</param>
/// <param name="Key">Where its API key is; null when the file does not say.</param>
/// <param name="WebhookSecrets">Where its webhook secrets are; null when the file does not say.</param>
/// <param name="Source">Where it stands, for errors.</param>
internal sealed record IntegrationInput(Integration Integration, SecretReference? Key, SecretReference? WebhookSecrets, string Source);
