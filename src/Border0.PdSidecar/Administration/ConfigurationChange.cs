using Border0.PdSidecar.Access;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Administration;

/// <summary>
/// A change that was stored and is in force: creation, update or deletion of an integration or a policy, and what else an administrator
/// does: tokens made and revoked, sessions revoked.
/// </summary>
/// <param name="Type">"integration", "policy", "token" or "session".</param>
/// <param name="OrganizationId">The organization; empty for a token.</param>
/// <param name="Name">The name as it was given at the creation; a session's key.</param>
/// <param name="Before">What was, without secrets; null for a creation. Not to be changed.</param>
/// <param name="EtagBefore">Its etag, or empty.</param>
/// <param name="After">What is, without secrets; null for a deletion. Not to be changed.</param>
/// <param name="EtagAfter">Its etag, or empty.</param>
public sealed record ConfigurationChange(
    string Type, string OrganizationId, string Name, IMessage? Before, string EtagBefore, IMessage? After, string EtagAfter)
{
    /// <summary>What was done: "create", "update", "delete" or "revoke".</summary>
    public string Action { get; init; } = Before is null ? "create" : After is null ? "delete" : "update";

    /// <summary>Who did it; null where it is not known.</summary>
    public Actor? Actor { get; init; }

    /// <summary>The integration got another API key.</summary>
    public bool ApiKeyChanged { get; init; }

    /// <summary>The integration got other webhook secrets.</summary>
    public bool WebhookSecretsChanged { get; init; }

    /// <summary>The change of an integration; one of them is not null.</summary>
    public static ConfigurationChange Of(StoredIntegration? before, StoredIntegration? after)
    {
        var named = (after ?? before)!.Integration;
        return new ConfigurationChange(
            "integration", named.OrganizationId, named.Name, before?.Integration, before?.Integration.Etag ?? "", after?.Integration, after?.Integration.Etag ?? "")
        {
            ApiKeyChanged = before is not null && after is not null && before.Secrets.ApiKey != after.Secrets.ApiKey,
            WebhookSecretsChanged = before is not null && after is not null && !before.Secrets.WebhookSecrets.SequenceEqual(after.Secrets.WebhookSecrets),
        };
    }

    /// <summary>The change of a policy; one of them is not null.</summary>
    public static ConfigurationChange Of(Policy? before, Policy? after)
    {
        var named = (after ?? before)!;
        return new ConfigurationChange("policy", named.OrganizationId, named.Name, before, before?.Etag ?? "", after, after?.Etag ?? "");
    }
}
