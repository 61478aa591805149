using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Storage;

/// <summary>
/// Integrations and policies at rest. Names are unique per organization, compared without case. Every write is one transaction:
/// once the task has completed, it survives a kill -9 and a power cut; until then nothing of it is there.
/// </summary>
/// <remarks>Throws <see cref="StorageUnavailableException"/> when the store cannot be read or written at all.</remarks>
public interface IConfigurationStore : IAsyncDisposable
{
    /// <summary>Reads everything.</summary>
    Task<StoredConfiguration> LoadAsync(CancellationToken cancellation);

    /// <summary>Creates an integration. Sets its etag.</summary>
    Task<WriteOutcome> CreateAsync(StoredIntegration integration, CancellationToken cancellation);

    /// <summary>Replaces an integration whose etag still is the one in it. Sets the new etag.</summary>
    Task<WriteOutcome> ReplaceAsync(StoredIntegration integration, CancellationToken cancellation);

    /// <summary>Deletes an integration.</summary>
    /// <param name="organizationId">Its organization.</param>
    /// <param name="name">Its name.</param>
    /// <param name="etag">Delete only if this still is the etag; empty for whatever it is.</param>
    /// <param name="force">Delete even when policies refer to it.</param>
    /// <param name="cancellation">Gives up before the write; never half-way.</param>
    Task<DeleteOutcome> DeleteIntegrationAsync(string organizationId, string name, string etag, bool force, CancellationToken cancellation);

    /// <summary>Creates a policy. Sets its etag.</summary>
    Task<WriteOutcome> CreateAsync(Policy policy, CancellationToken cancellation);

    /// <summary>Replaces a policy whose etag still is the one in it. Sets the new etag.</summary>
    Task<WriteOutcome> ReplaceAsync(Policy policy, CancellationToken cancellation);

    /// <summary>Deletes a policy.</summary>
    /// <param name="organizationId">Its organization.</param>
    /// <param name="name">Its name.</param>
    /// <param name="etag">Delete only if this still is the etag; empty for whatever it is.</param>
    /// <param name="cancellation">Gives up before the write; never half-way.</param>
    Task<DeleteOutcome> DeletePolicyAsync(string organizationId, string name, string etag, CancellationToken cancellation);

    /// <summary>Why it cannot be read or written at present; null when it can, as far as is known.</summary>
    string? Trouble { get; }

    /// <summary>Reads the keys again, which another process may have rotated: those that are gone from the file do not stay in memory.</summary>
    /// <returns>The new key's id; null when it is the one of before.</returns>
    /// <exception cref="StorageUnavailableException">The key file cannot be read.</exception>
    Task<string?> RefreshKeysAsync(CancellationToken cancellation);

    /// <summary>Learns whether it takes a write, where that is not known from others.</summary>
    /// <exception cref="StorageUnavailableException">It does not, and why.</exception>
    Task ProbeAsync(CancellationToken cancellation);
}

/// <summary>How a create or replace came out.</summary>
public enum WriteOutcome
{
    /// <summary>Written, and durable.</summary>
    Written,

    /// <summary>There is one of that name; nothing was written.</summary>
    AlreadyExists,

    /// <summary>There is none of that name; nothing was written.</summary>
    NotFound,

    /// <summary>It was written by somebody else meanwhile; nothing was written.</summary>
    EtagMismatch,
}

/// <summary>How a delete came out.</summary>
/// <param name="Outcome">Written when it is deleted.</param>
/// <param name="ReferringPolicies">
/// The policies that refer to it, ordered: why it was not deleted, or, with force, those that it left behind.
/// </param>
public sealed record DeleteOutcome(WriteOutcome Outcome, IReadOnlyList<string> ReferringPolicies)
{
    /// <summary>Policies refer to it, and the delete was not forced: nothing was deleted.</summary>
    public bool Refused { get; init; }

    /// <summary>The revision of the delete, in a store that is shared; else 0.</summary>
    public long Revision { get; init; }
}

/// <summary>Everything that is stored.</summary>
/// <param name="Integrations">The integrations of every organization.</param>
/// <param name="Policies">The policies of every organization.</param>
public sealed record StoredConfiguration(IReadOnlyList<StoredIntegration> Integrations, IReadOnlyList<Policy> Policies)
{
    /// <summary>The revision that all of it is of, in a store that is shared; else 0.</summary>
    public long Revision { get; init; }
}

/// <summary>An integration and its secrets.</summary>
/// <param name="Integration">The integration without api_key and webhook_secrets.</param>
/// <param name="Secrets">What is never shown again.</param>
public sealed record StoredIntegration(Integration Integration, IntegrationSecrets Secrets);

/// <summary>An integration's secrets, in memory.</summary>
/// <param name="ApiKey">The PagerDuty API key.</param>
/// <param name="WebhookSecrets">The secrets of the webhook subscriptions.</param>
public sealed record IntegrationSecrets(string ApiKey, IReadOnlyList<string> WebhookSecrets)
{
    /// <summary>Says nothing of what it holds.</summary>
    public override string ToString() => nameof(IntegrationSecrets);
}

/// <summary>The store cannot be read or written at all: a full or read-only disk, a broken file system, a cluster that does not answer.</summary>
public class StorageUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A write was sent, and no answer came: it was made as a whole or not at all, and which of the two is not known.</summary>
public sealed class StorageOutcomeUnknownException(string message, Exception? inner = null) : StorageUnavailableException(message, inner);

/// <summary>What is to be stored is larger than the store takes; nothing was written.</summary>
public sealed class StorageLimitException(string message) : Exception(message);

/// <summary>
/// What is stored cannot be used: a file that is no database, is damaged, was written by a newer version, or is encrypted under a
/// key that is not there. The sidecar refuses to start on it, and changes nothing.
/// </summary>
public sealed class StorageUnusableException(string message, Exception? inner = null) : Exception(message, inner);
