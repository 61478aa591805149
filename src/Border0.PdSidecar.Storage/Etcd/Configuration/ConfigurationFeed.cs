using System.Runtime.CompilerServices;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Storage.Etcd.Configuration;

/// <summary>
/// Makes changes of integrations and policies out of changes of keys, one for each revision. An integration that cannot be opened yet (its
/// key has not come to this machine) is told of as soon as it can be; everything else goes on meanwhile.
/// </summary>
internal sealed class ConfigurationFeed(EtcdConfigurationStore store, GuardedWrites writes)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private readonly Dictionary<string, (EtcdRecord Record, string Why)> _closed = new(StringComparer.Ordinal);
    private string? _away;
    private bool _migrating;

    /// <summary>Why what is told is not what there is; null when it is.</summary>
    public string? Trouble => _away
        ?? (_migrating ? "a migration into this etcd prefix is going on" : _closed.Count > 0 ? _closed.Values.First().Why : null);

    /// <summary>The news; null for none but a change of <see cref="Trouble"/>.</summary>
    public async IAsyncEnumerable<ConfigurationNews?> ReadAsync(EtcdFollower follower, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var news = follower.FollowAsync(ending.Token).GetAsyncEnumerator(ending.Token);
        var next = Task.FromResult(false);
        try
        {
            while (true)
            {
                next = news.MoveNextAsync().AsTask();
                while (_closed.Count > 0 && await Task.WhenAny(next, Task.Delay(Retry, time, cancellation)) != next)
                {
                    cancellation.ThrowIfCancellationRequested();
                    yield return Opened();
                }

                if (!await next)
                {
                    yield break;
                }

                foreach (var told in Told(news.Current, follower))
                {
                    yield return told;
                }
            }
        }
        finally
        {
            // The reader may have left while the next news were waited for, and what is still moving cannot be disposed of.
            await ending.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await news.DisposeAsync();
        }
    }

    private IEnumerable<ConfigurationNews?> Told(EtcdNews news, EtcdFollower follower)
    {
        switch (news)
        {
            case EtcdNews.Interrupted interrupted:
                _away = interrupted.Reason;
                yield return new ConfigurationNews.Interrupted(interrupted.Reason);
                break;
            case EtcdNews.Resumed:
                _away = null;
                yield return new ConfigurationNews.Resumed();
                break;
            case EtcdNews.Listed listed:
                yield return Listed(listed.Listing);
                break;
            case EtcdNews.Changed changed:
                foreach (var revision in changed.Changes.Changes.GroupBy(c => c.Record.ModRevision))
                {
                    yield return Changed(revision.Key, [.. revision], follower);
                }

                break;
            default:
                throw new InvalidOperationException($"{news.GetType()} is not known");
        }
    }

    private ConfigurationNews.Listed? Listed(EtcdListing listing)
    {
        _closed.Clear();
        _migrating = listing.Records.Any(r => r.Key == ConfigurationKeys.Migration);
        if (_migrating)
        {
            return null;
        }

        List<StoredIntegration> integrations = [];
        List<Policy> policies = [];
        List<StoredName> unreadable = [];
        foreach (var record in listing.Records)
        {
            switch (Read(record))
            {
                case StoredIntegration integration:
                    integrations.Add(integration);
                    break;
                case Policy policy:
                    policies.Add(policy);
                    break;
                case null when _closed.ContainsKey(record.Key):
                    unreadable.Add(ConfigurationKeys.NameOf(record.Key)!);
                    break;
                default:
                    break;
            }
        }

        return new ConfigurationNews.Listed(new StoredConfiguration(integrations, policies) { Revision = listing.Revision }) { Unreadable = unreadable };
    }

    private ConfigurationNews.Changed? Changed(long revision, List<EtcdChange> changes, EtcdFollower follower)
    {
        if (changes.FirstOrDefault(c => c.Record.Key == ConfigurationKeys.Migration) is { } migration)
        {
            _migrating = !migration.IsDeleted;

            // What came meanwhile was passed over.
            follower.ListAgain();
            return null;
        }

        if (_migrating)
        {
            return null;
        }

        List<StoredChange> told = [];
        foreach (var change in changes)
        {
            _closed.Remove(change.Record.Key);
            if (change.IsDeleted)
            {
                if (ConfigurationKeys.NameOf(change.Record.Key) is { } deleted)
                {
                    told.Add(new StoredChange(null, null, deleted));
                }
            }
            else if (Read(change.Record) is { } put)
            {
                told.Add(new StoredChange(put as StoredIntegration, put as Policy, null));
            }
        }

        var guard = changes.FirstOrDefault(c => c.Record.Key.StartsWith(ConfigurationKeys.Guards, StringComparison.Ordinal) && !c.IsDeleted);
        if (told.Count == 0 && guard is null)
        {
            // Of no integration and no policy.
            return null;
        }

        return new ConfigurationNews.Changed(revision, told) { IsOwn = guard is not null && writes.IsOwn(GuardedWrites.NewestOf(guard.Record)) };
    }

    /// <summary>Those that can be opened now.</summary>
    private ConfigurationNews.Changed? Opened()
    {
        List<StoredChange> told = [];
        foreach (var (key, (record, _)) in _closed.ToList())
        {
            _closed.Remove(key);
            if (Read(record) is { } put)
            {
                told.Add(new StoredChange(put as StoredIntegration, put as Policy, null));
            }
        }

        return told.Count == 0 ? null : new ConfigurationNews.Changed(0, told);
    }

    /// <summary>The integration or policy; null for other keys, and for what cannot be read, which is remembered.</summary>
    private object? Read(EtcdRecord record)
    {
        try
        {
            return record.Key.StartsWith(ConfigurationKeys.Integrations, StringComparison.Ordinal) ? store.Values.ReadIntegration(record)
                : record.Key.StartsWith(ConfigurationKeys.Policies, StringComparison.Ordinal) ? StoredValues.ReadPolicy(record)
                : null;
        }
        catch (Exception e) when (e is StorageUnusableException or StorageUnavailableException)
        {
            _closed[record.Key] = (record, e.Message);
            return null;
        }
    }
}
