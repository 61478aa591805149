using System.Collections.Immutable;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Administration;

/// <summary>
/// The integrations and policies of now, in memory and in force. Writes go to the store first, one at a time, and are in force before
/// they are answered; a crash in between is healed by the next start. Read from any thread.
/// </summary>
public sealed partial class ConfigurationState(
    IConfigurationStore store, PolicyCatalog catalog, PagerDutyFeeds feeds, SidecarOptions options, TimeProvider time, IConfigurationObserver? observer = null) : IDisposable
{
    /// <summary>How long a write waits for PagerDuty to tell of services that it names for the first time.</summary>
    private static readonly TimeSpan FirstFacts = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _writes = new(1);
    private readonly SemaphoreSlim _force = new(1);
    private volatile Snapshot _current = new(
        ImmutableSortedDictionary<(string, string), StoredIntegration>.Empty, ImmutableSortedDictionary<(string, string), Policy>.Empty);

    private sealed record Snapshot(
        ImmutableSortedDictionary<(string Organization, string Name), StoredIntegration> Integrations,
        ImmutableSortedDictionary<(string Organization, string Name), Policy> Policies);

    /// <summary>Reads everything and puts it in force.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        var stored = await store.LoadAsync(cancellation);
        var loaded = new Snapshot(
            stored.Integrations.ToImmutableSortedDictionary(i => KeyOf(i.Integration.OrganizationId, i.Integration.Name), i => i),
            stored.Policies.ToImmutableSortedDictionary(p => KeyOf(p.OrganizationId, p.Name), p => p));
        feeds.Apply(Connections(loaded));
        InForce(loaded);
        _revision = stored.Revision;
    }

    /// <summary>An integration with its secrets; null when there is none of that name.</summary>
    public StoredIntegration? FindIntegration(string organizationId, string name) => _current.Integrations.GetValueOrDefault(KeyOf(organizationId, name));

    /// <summary>A policy; null when there is none of that name. Not to be changed.</summary>
    public Policy? FindPolicy(string organizationId, string name) => _current.Policies.GetValueOrDefault(KeyOf(organizationId, name));

    /// <summary>An organization's integrations, ordered by name.</summary>
    public IEnumerable<Integration> Integrations(string organizationId) =>
        _current.Integrations.Where(i => i.Key.Organization == organizationId).Select(i => i.Value.Integration);

    /// <summary>How old the facts of every organization's integrations may be.</summary>
    public IEnumerable<IntegrationSettings> FactsLimits() => _current.Integrations.Values.Select(i => Settings(i.Integration));

    /// <summary>An organization's policies, ordered by name. Not to be changed.</summary>
    public IEnumerable<Policy> Policies(string organizationId) => _current.Policies.Where(p => p.Key.Organization == organizationId).Select(p => p.Value);

    /// <summary>Where PagerDuty is for an integration.</summary>
    public Uri BaseUrlOf(string baseUrl, Region region) => baseUrl.Length > 0 ? new Uri(baseUrl)
        : options.PagerDutyBaseUrl ?? (region == Region.Eu ? PagerDutyAddresses.Eu : PagerDutyAddresses.Us);

    /// <summary>Creates or replaces an integration.</summary>
    public Task<WriteOutcome> PutAsync(StoredIntegration integration, bool create, Actor? actor, CancellationToken cancellation) => WriteAsync(
        actor,
        NameOf(integration.Integration),
        () => create ? store.CreateAsync(integration, cancellation) : store.ReplaceAsync(integration, cancellation),
        outcome => outcome == WriteOutcome.Written,
        _ => RevisionOf(integration.Integration.Etag),
        s => s with { Integrations = s.Integrations.SetItem(KeyOf(integration.Integration.OrganizationId, integration.Integration.Name), integration) },
        cancellation);

    /// <summary>Creates or replaces a policy.</summary>
    public Task<WriteOutcome> PutAsync(Policy policy, bool create, Actor? actor, CancellationToken cancellation) => WriteAsync(
        actor,
        NameOf(policy),
        () => create ? store.CreateAsync(policy, cancellation) : store.ReplaceAsync(policy, cancellation),
        outcome => outcome == WriteOutcome.Written,
        _ => RevisionOf(policy.Etag),
        s => s with { Policies = s.Policies.SetItem(KeyOf(policy.OrganizationId, policy.Name), policy) },
        cancellation);

    /// <summary>Deletes an integration.</summary>
    public Task<DeleteOutcome> DeleteIntegrationAsync(string organizationId, string name, string etag, bool force, Actor? actor, CancellationToken cancellation) => WriteAsync(
        actor,
        new StoredName(IsPolicy: false, organizationId, name.ToLowerInvariant()),
        () => store.DeleteIntegrationAsync(organizationId, name, etag, force, cancellation),
        outcome => outcome.Outcome == WriteOutcome.Written,
        outcome => outcome.Revision,
        s => s with { Integrations = s.Integrations.Remove(KeyOf(organizationId, name)) },
        cancellation);

    /// <summary>Deletes a policy.</summary>
    public Task<DeleteOutcome> DeletePolicyAsync(string organizationId, string name, string etag, Actor? actor, CancellationToken cancellation) => WriteAsync(
        actor,
        new StoredName(IsPolicy: true, organizationId, name.ToLowerInvariant()),
        () => store.DeletePolicyAsync(organizationId, name, etag, cancellation),
        outcome => outcome.Outcome == WriteOutcome.Written,
        outcome => outcome.Revision,
        s => s with { Policies = s.Policies.Remove(KeyOf(organizationId, name)) },
        cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        _writes.Dispose();
        _force.Dispose();
    }

    private static (string, string) KeyOf(string organizationId, string name) => (organizationId, name.ToLowerInvariant());

    private async Task<T> WriteAsync<T>(
        Actor? actor, StoredName name, Func<Task<T>> write, Func<T, bool> isWritten, Func<T, long> revisionOf, Func<Snapshot, Snapshot> change, CancellationToken cancellation)
    {
        await _writes.WaitAsync(cancellation);
        try
        {
            _writer = new Writer(name, actor);
            var outcome = await write();
            var isShared = store is ISharedConfigurationStore;
            if (isWritten(outcome) && !(isShared && await IsInForceAsync(revisionOf(outcome))))
            {
                await _force.WaitAsync(CancellationToken.None);
                try
                {
                    // It may have come with the others' changes after all.
                    if (!isShared || _revision < revisionOf(outcome))
                    {
                        await PutInForceAsync(change(_current), [(name.OrganizationId, name.Name)], actor);
                    }

                    if (isShared && _revision < revisionOf(outcome))
                    {
                        _ahead[name] = revisionOf(outcome);
                    }
                }
                finally
                {
                    _force.Release();
                }
            }

            return outcome;
        }
        finally
        {
            _writer = null;
            _writes.Release();
        }
    }

    /// <summary>Puts in force what was stored, and tells of it. While nobody else does.</summary>
    private async Task PutInForceAsync(Snapshot next, IEnumerable<(string, string)> keys, Actor? actor)
    {
        feeds.Apply(Connections(next));
        await FirstFactsAsync(_current, next);
        var before = _current;
        InForce(next);
        foreach (var key in keys)
        {
            Tell(before, next, key, actor);
        }
    }

    /// <summary>Tells what was written under a key: the other kind's object is the one that it was.</summary>
    private void Tell(Snapshot before, Snapshot next, (string, string) key, Actor? actor)
    {
        if (observer is null)
        {
            return;
        }

        var (integrationBefore, integrationAfter) = (before.Integrations.GetValueOrDefault(key), next.Integrations.GetValueOrDefault(key));
        if (!ReferenceEquals(integrationBefore, integrationAfter))
        {
            observer.Changed(ConfigurationChange.Of(integrationBefore, integrationAfter) with { Actor = actor });
        }

        var (policyBefore, policyAfter) = (before.Policies.GetValueOrDefault(key), next.Policies.GetValueOrDefault(key));
        if (!ReferenceEquals(policyBefore, policyAfter))
        {
            observer.Changed(ConfigurationChange.Of(policyBefore, policyAfter) with { Actor = actor });
        }
    }

    private void InForce(Snapshot next)
    {
        catalog.Replace([.. next.Policies.Values], [.. next.Integrations.Values.Select(i => Settings(i.Integration))]);
        _current = next;
    }

    /// <summary>
    /// Waits for the first facts about services that were not polled before, so that a changed policy does not deny for a moment what
    /// it is meant to allow. PagerDuty being away delays a write by a bounded time and no more.
    /// </summary>
    private async Task FirstFactsAsync(Snapshot before, Snapshot next)
    {
        var known = Services(before);
        var asked = Services(next).Except(known).Where(s => next.Integrations.ContainsKey((s.Integration.OrganizationId, s.Integration.Name))).ToList();
        if (asked.Count == 0)
        {
            return;
        }

        using var bound = new CancellationTokenSource(FirstFacts, time);
        try
        {
            await Task.WhenAll(asked.Select(s => feeds.EnsureKnownAsync(s.Integration, s.ServiceId, bound.Token).AsTask()));
        }
        catch (OperationCanceledException)
        {
            // The loops go on asking; until they know, those services deny.
            return;
        }
    }

    private static HashSet<ServiceKey> Services(Snapshot snapshot) =>
    [
        .. from policy in snapshot.Policies.Values
           from condition in policy.Integrations
           where condition.PagerdutyOncall is { } p && (p.RequireBeOncall || p.RequireIncident)
           select new ServiceKey(new IntegrationKey(policy.OrganizationId, condition.IntegrationName), condition.PagerdutyOncall.ServiceId),
    ];

    private List<IntegrationConnection> Connections(Snapshot snapshot)
    {
        var services = Services(snapshot).ToLookup(s => s.Integration, s => s.ServiceId);
        return
        [
            .. snapshot.Integrations.Values.Select(i =>
            {
                var key = new IntegrationKey(i.Integration.OrganizationId, i.Integration.Name);
                return new IntegrationConnection(
                    key,
                    i.Secrets.ApiKey,
                    BaseUrlOf(i.Integration.BaseUrl, i.Integration.Region),
                    [.. i.Secrets.WebhookSecrets],
                    services[key].ToHashSet(StringComparer.Ordinal));
            }),
        ];
    }

    private IntegrationSettings Settings(Integration integration)
    {
        var young = integration.MaxStaleness?.ToTimeSpan() ?? options.MaxStaleness;
        var running = integration.SessionMaxStaleness?.ToTimeSpan() ?? options.SessionMaxStaleness;
        var session = running < young ? young : running;
        return new IntegrationSettings(
            new IntegrationKey(integration.OrganizationId, integration.Name),
            integration.Name,
            young,
            session,
            options.MappingMaxStaleness < session ? session : options.MappingMaxStaleness);
    }
}
