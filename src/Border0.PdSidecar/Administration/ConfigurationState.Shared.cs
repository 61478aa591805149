using System.Collections.Immutable;
using System.Globalization;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Administration;

/// <summary>
/// What others write to a shared store, put in force here in the store's order. This process's own writes come the same way; only while the
/// store tells nothing are they put in force at once, and recognized when they come later.
/// </summary>
public sealed partial class ConfigurationState
{
    /// <summary>How long an own write is waited for among the changes; with the wait for first facts that may be under way there.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _waiting = new();
    private readonly List<(long Revision, TaskCompletionSource<bool> InForce)> _waiters = [];

    /// <summary>Own writes that were in force before the changes of others that came before them. Under <see cref="_force"/>.</summary>
    private readonly Dictionary<StoredName, long> _ahead = [];
    private long _revision;
    private bool _interrupted;
    private volatile Writer? _writer;

    /// <summary>Who writes what at present: this process's writes are one at a time.</summary>
    private sealed record Writer(StoredName Name, Actor? Actor);

    /// <summary>Puts in force what is written to a shared store, without end.</summary>
    public async Task FollowAsync(CancellationToken cancellation)
    {
        if (store is not ISharedConfigurationStore shared)
        {
            return;
        }

        await foreach (var news in shared.FollowAsync(Interlocked.Read(ref _revision), cancellation))
        {
            await _force.WaitAsync(cancellation);
            try
            {
                await TakeAsync(news);
            }
            finally
            {
                _force.Release();
            }
        }
    }

    private static long RevisionOf(string etag) => long.TryParse(etag, NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : 0;

    private async Task TakeAsync(ConfigurationNews news)
    {
        switch (news)
        {
            case ConfigurationNews.Changed changed:
                await TakeAsync(changed);
                Reached(Math.Max(_revision, changed.Revision));
                break;
            case ConfigurationNews.Listed listed:
                var (next, keys) = With(listed);
                await PutInForceAsync(next, keys, actor: null);
                _ahead.Clear();
                Reached(listed.Configuration.Revision);
                break;
            default:
                Interrupted(news is ConfigurationNews.Interrupted);
                break;
        }
    }

    private async Task TakeAsync(ConfigurationNews.Changed changed)
    {
        var next = _current;
        List<StoredName> names = [];
        foreach (var change in changed.Changes)
        {
            var name = NameOf(change);
            if (changed.Revision > 0 && _ahead.TryGetValue(name, out var ahead))
            {
                if (changed.Revision >= ahead)
                {
                    _ahead.Remove(name);
                }

                if (changed.Revision <= ahead)
                {
                    continue;
                }
            }

            next = With(next, change, (name.OrganizationId, name.Name));
            names.Add(name);
        }

        if (names.Count > 0)
        {
            var writer = changed.IsOwn ? _writer : null;
            await PutInForceAsync(next, names.Select(n => (n.OrganizationId, n.Name)).Distinct(), writer is not null && names.Contains(writer.Name) ? writer.Actor : null);
        }
    }

    private static StoredName NameOf(Integration integration) => new(IsPolicy: false, integration.OrganizationId, integration.Name.ToLowerInvariant());

    private static StoredName NameOf(Policy policy) => new(IsPolicy: true, policy.OrganizationId, policy.Name.ToLowerInvariant());

    private static StoredName NameOf(StoredChange change) =>
        change.Integration is { } i ? NameOf(i.Integration) : change.Policy is { } p ? NameOf(p) : change.Deleted!;

    private static Snapshot With(Snapshot current, StoredChange change, (string, string) key) => change switch
    {
        { Integration: { } integration } => current with { Integrations = current.Integrations.SetItem(key, integration) },
        { Policy: { } policy } => current with { Policies = current.Policies.SetItem(key, policy) },
        { Deleted.IsPolicy: true } => current with { Policies = current.Policies.Remove(key) },
        _ => current with { Integrations = current.Integrations.Remove(key) },
    };

    /// <summary>All that is listed; what is as it was stays the very object, and what cannot be read stays too.</summary>
    private (Snapshot Next, IEnumerable<(string, string)> Changed) With(ConfigurationNews.Listed listed)
    {
        var integrations = listed.Configuration.Integrations.ToDictionary(i => KeyOf(i.Integration.OrganizationId, i.Integration.Name), i => i);
        var policies = listed.Configuration.Policies.ToDictionary(p => KeyOf(p.OrganizationId, p.Name), p => p);
        var unreadable = listed.Unreadable.ToHashSet();
        foreach (var (key, known) in _current.Integrations)
        {
            if (unreadable.Contains(new StoredName(false, key.Organization, key.Name)) || integrations.GetValueOrDefault(key)?.Integration.Etag == known.Integration.Etag)
            {
                integrations[key] = known;
            }
        }

        foreach (var (key, known) in _current.Policies)
        {
            if (unreadable.Contains(new StoredName(true, key.Organization, key.Name)) || policies.GetValueOrDefault(key)?.Etag == known.Etag)
            {
                policies[key] = known;
            }
        }

        return (
            new Snapshot(integrations.ToImmutableSortedDictionary(), policies.ToImmutableSortedDictionary()),
            _current.Integrations.Keys.Concat(_current.Policies.Keys).Concat(integrations.Keys).Concat(policies.Keys).Distinct());
    }

    private Task<bool> IsInForceAsync(long revision)
    {
        lock (_waiting)
        {
            if (_revision >= revision || _interrupted)
            {
                return Task.FromResult(_revision >= revision);
            }

            var waiter = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((revision, waiter));
            return WithinPatienceAsync(waiter.Task);
        }
    }

    private async Task<bool> WithinPatienceAsync(Task<bool> inForce)
    {
        try
        {
            return await inForce.WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private void Reached(long revision)
    {
        lock (_waiting)
        {
            _revision = revision;
            foreach (var (_, inForce) in _waiters.Where(w => w.Revision <= revision))
            {
                inForce.TrySetResult(true);
            }

            _waiters.RemoveAll(w => w.Revision <= revision);
        }
    }

    private void Interrupted(bool isInterrupted)
    {
        lock (_waiting)
        {
            _interrupted = isInterrupted;
            if (isInterrupted)
            {
                _waiters.ForEach(w => w.InForce.TrySetResult(false));
                _waiters.Clear();
            }
        }
    }
}
