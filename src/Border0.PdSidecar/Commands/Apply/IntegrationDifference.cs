using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>What has to change on one integration.</summary>
/// <remarks>
/// A stored secret cannot be read. A key is taken to be another one when its last four characters are others, webhook secrets when there are
/// more or fewer of them.
/// </remarks>
internal static class IntegrationDifference
{
    /// <summary>A key of fewer characters has no hint, since it would be too much of it.</summary>
    private const int ShortestHinted = 12;

    public static PlannedChange Of(IntegrationInput input, Integration? known, string owner, ApplyOptions options)
    {
        var wanted = Canonical(input.Integration);
        wanted.ManagedBy = owner;
        if (known is null && input.Key is null)
        {
            throw CommandException.Wrong($"{input.Source}: integration {wanted.Name} is to be created, and nothing says where its key is: api_key_from");
        }

        if (known is not null)
        {
            ApplyPlan.CheckOwner("integration", known.Name, input.Source, known.ManagedBy, owner, options);
        }

        var differences = Difference.Between(known is null ? "{}" : ContractJson.Line(Canonical(known)), ContractJson.Line(wanted)).Where(d => d.Field != "name").ToList();
        var fields = differences.Select(d => d.Field.Split('.', '[')[0]).Distinct(StringComparer.Ordinal).ToList();
        var secrets = DesiredChecks.WebhookSecretsOf(input);
        if (input.Key is { } key && (known is null || options.WriteSecrets || HintOf(key.Value) is { Length: > 0 } hint && hint != known.ApiKeyHint))
        {
            differences.Add(new Difference("api_key", known is null ? null : Hidden(known.ApiKeyHint), $"{Hidden(HintOf(key.Value))} from {key.Place}"));
            fields.Add("api_key");
            wanted.ApiKey = key.Value;
        }

        if (input.WebhookSecrets is { } reference && (known is null || options.WriteSecrets || secrets.Length != known.WebhookSecretCount))
        {
            differences.Add(new Difference(
                "webhook_secrets", known is null or { WebhookSecretCount: 0 } ? null : Said.Count(known.WebhookSecretCount, "secret"), $"{Said.Count(secrets.Length, "secret")} from {reference.Place}"));
            fields.Add("webhook_secrets");
            wanted.WebhookSecrets.Add(secrets);
        }

        wanted.Name = known?.Name ?? wanted.Name;
        wanted.Etag = known?.Etag ?? "";
        var action = known is null ? PlannedAction.Create : differences.Count > 0 ? PlannedAction.Update : PlannedAction.None;
        return new PlannedChange(action, "integration", wanted.Name, differences, input.Source) { Integration = wanted, Fields = fields };
    }

    /// <summary>What somebody can write of an integration but its secrets, with defaults filled in.</summary>
    private static Integration Canonical(Integration integration) => new()
    {
        Name = integration.Name,
        Description = integration.Description,
        Region = integration.Region == Region.Unspecified ? Region.Us : integration.Region,
        BaseUrl = integration.BaseUrl,
        MaxStaleness = integration.MaxStaleness,
        SessionMaxStaleness = integration.SessionMaxStaleness,
        ManagedBy = integration.ManagedBy,
    };

    private static string HintOf(string key) => key.Length >= ShortestHinted ? key[^4..] : "";

    private static string Hidden(string hint) => hint.Length > 0 ? "…" + hint : "(hidden)";
}
