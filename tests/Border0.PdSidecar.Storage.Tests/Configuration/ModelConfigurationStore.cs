using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Storage.Tests.Configuration;

/// <summary>A store so simple that it is right at sight: what the others are held against.</summary>
internal sealed class ModelConfigurationStore : IConfigurationStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string, string), StoredIntegration> _integrations = [];
    private readonly Dictionary<(string, string), Policy> _policies = [];
    private int _version;

    public string? Trouble => null;

    public Task<StoredConfiguration> LoadAsync(CancellationToken cancellation) => Run(
        () => new StoredConfiguration([.. _integrations.Values.Select(Copy)], [.. _policies.Values.Select(p => p.Clone())]), cancellation);

    public Task<WriteOutcome> CreateAsync(StoredIntegration integration, CancellationToken cancellation) => Run(
        () => _integrations.ContainsKey(Key(integration.Integration)) ? WriteOutcome.AlreadyExists : Put(integration), cancellation);

    public Task<WriteOutcome> ReplaceAsync(StoredIntegration integration, CancellationToken cancellation) => Run(
        () => Find(_integrations, Key(integration.Integration), i => i.Integration.Etag, integration.Integration.Etag) is var found and not WriteOutcome.Written
            ? found
            : Put(integration),
        cancellation);

    public Task<DeleteOutcome> DeleteIntegrationAsync(
        string organizationId, string name, string etag, bool force, CancellationToken cancellation) => Run(
        () =>
        {
            var key = (organizationId, name.ToUpperInvariant());
            if (Find(_integrations, key, i => i.Integration.Etag, etag) is var found and not WriteOutcome.Written)
            {
                return new DeleteOutcome(found, []);
            }

            var referring = _policies.Values
                .Where(p => p.OrganizationId == organizationId && p.Integrations.Any(i => i.IntegrationName.Equals(name, StringComparison.OrdinalIgnoreCase)))
                .Select(p => p.Name)
                .Order(StringComparer.OrdinalIgnoreCase)
                .ToList();
            if (referring.Count > 0 && !force)
            {
                return new DeleteOutcome(WriteOutcome.NotFound, referring) { Refused = true };
            }

            _integrations.Remove(key);
            return new DeleteOutcome(WriteOutcome.Written, referring);
        },
        cancellation);

    public Task<WriteOutcome> CreateAsync(Policy policy, CancellationToken cancellation) => Run(
        () => _policies.ContainsKey(Key(policy)) ? WriteOutcome.AlreadyExists : Put(policy), cancellation);

    public Task<WriteOutcome> ReplaceAsync(Policy policy, CancellationToken cancellation) => Run(
        () => Find(_policies, Key(policy), p => p.Etag, policy.Etag) is var found and not WriteOutcome.Written ? found : Put(policy), cancellation);

    public Task<DeleteOutcome> DeletePolicyAsync(string organizationId, string name, string etag, CancellationToken cancellation) => Run(
        () =>
        {
            var key = (organizationId, name.ToUpperInvariant());
            var found = Find(_policies, key, p => p.Etag, etag);
            if (found == WriteOutcome.Written)
            {
                _policies.Remove(key);
            }

            return new DeleteOutcome(found, []);
        },
        cancellation);

    public Task<string?> RefreshKeysAsync(CancellationToken cancellation) => Task.FromResult<string?>(null);

    public Task ProbeAsync(CancellationToken cancellation) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static (string, string) Key(Integration integration) => (integration.OrganizationId, integration.Name.ToUpperInvariant());

    private static (string, string) Key(Policy policy) => (policy.OrganizationId, policy.Name.ToUpperInvariant());

    private static StoredIntegration Copy(StoredIntegration stored) => stored with { Integration = stored.Integration.Clone() };

    private static WriteOutcome Find<T>(Dictionary<(string, string), T> among, (string, string) key, Func<T, string> etagOf, string etag) =>
        !among.TryGetValue(key, out var found) ? WriteOutcome.NotFound
        : etag.Length == 0 || etag == etagOf(found) ? WriteOutcome.Written
        : WriteOutcome.EtagMismatch;

    private WriteOutcome Put(StoredIntegration stored)
    {
        stored.Integration.Etag = $"v{++_version}";
        var copy = Copy(stored);
        copy.Integration.ApiKey = "";
        copy.Integration.WebhookSecrets.Clear();
        copy.Integration.Status = null;
        _integrations[Key(stored.Integration)] = copy;
        return WriteOutcome.Written;
    }

    private WriteOutcome Put(Policy policy)
    {
        policy.Etag = $"v{++_version}";
        var copy = policy.Clone();
        copy.Warnings.Clear();
        _policies[Key(policy)] = copy;
        return WriteOutcome.Written;
    }

    private Task<T> Run<T>(Func<T> run, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellation);
        }

        lock (_lock)
        {
            return Task.FromResult(run());
        }
    }
}
