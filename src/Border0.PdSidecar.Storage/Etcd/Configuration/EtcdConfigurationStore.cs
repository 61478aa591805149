using System.Runtime.CompilerServices;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Etcd.Configuration;

/// <summary>
/// Integrations and policies in etcd, shared by a fleet. An etag is the revision of the last write. A write compares the revision of its
/// organization's guard with the one that it has read everything at, and writes the guard anew: what it has seen is how it still is.
/// </summary>
/// <remarks>Thread-safe. Owns neither the client nor the keys.</remarks>
public sealed class EtcdConfigurationStore : ISharedConfigurationStore
{
    /// <summary>The format that this program reads and writes.</summary>
    internal const string KnownFormat = "1";

    private readonly EtcdClient _client;
    private readonly KeyRing _keys;
    private readonly GuardedWrites _writes;
    private readonly TimeProvider _time;
    private volatile string? _writeTrouble;
    private volatile string? _feedTrouble;

    /// <summary>Asks nothing yet.</summary>
    public EtcdConfigurationStore(EtcdClient client, KeyRing keys, TimeProvider time)
    {
        (_client, _keys, _time) = (client, keys, time);
        Values = new StoredValues(keys);
        _writes = new GuardedWrites(client, time);
    }

    /// <inheritdoc/>
    public string? Trouble => _feedTrouble ?? _writeTrouble;

    internal StoredValues Values { get; }

    /// <inheritdoc/>
    /// <exception cref="StorageUnusableException">
    /// A value is damaged, or its secrets cannot be opened; it is of a newer version; a migration into it was not finished; the user may not read it.
    /// </exception>
    public Task<StoredConfiguration> LoadAsync(CancellationToken cancellation) => TranslatedAsync(async () =>
    {
        try
        {
            var stored = Read(await _client.ListAsync(ConfigurationKeys.All, cancellation));
            await CheckKeysAsync(cancellation);
            return stored;
        }
        catch (EtcdRefusedException e)
        {
            throw new StorageUnusableException(e.Message, e);
        }
    });

    /// <inheritdoc/>
    public Task<WriteOutcome> CreateAsync(StoredIntegration integration, CancellationToken cancellation) => PutAsync(integration, create: true, cancellation);

    /// <inheritdoc/>
    public Task<WriteOutcome> ReplaceAsync(StoredIntegration integration, CancellationToken cancellation) => PutAsync(integration, create: false, cancellation);

    /// <inheritdoc/>
    public Task<WriteOutcome> CreateAsync(Policy policy, CancellationToken cancellation) => PutAsync(policy, create: true, cancellation);

    /// <inheritdoc/>
    public Task<WriteOutcome> ReplaceAsync(Policy policy, CancellationToken cancellation) => PutAsync(policy, create: false, cancellation);

    /// <inheritdoc/>
    public async Task<DeleteOutcome> DeleteIntegrationAsync(string organizationId, string name, string etag, bool force, CancellationToken cancellation)
    {
        var key = ConfigurationKeys.Integration(organizationId, name);
        var outcome = new DeleteOutcome(WriteOutcome.NotFound, []);
        var revision = await WriteAsync(
            organizationId,
            key,
            ConfigurationKeys.References(organizationId, name),
            (record, referring) =>
            {
                var names = referring.Select(r => r.Value.ToStringUtf8()).ToList();
                var found = Check(record, etag, create: false);
                var refused = found == WriteOutcome.Written && names.Count > 0 && !force;
                outcome = found != WriteOutcome.Written ? new DeleteOutcome(found, []) : new DeleteOutcome(refused ? WriteOutcome.NotFound : found, names) { Refused = refused };
                return found == WriteOutcome.Written && !refused ? t => t.Delete(key) : null;
            },
            cancellation);
        return outcome with { Revision = revision };
    }

    /// <inheritdoc/>
    public async Task<DeleteOutcome> DeletePolicyAsync(string organizationId, string name, string etag, CancellationToken cancellation)
    {
        var key = ConfigurationKeys.Policy(organizationId, name);
        var outcome = WriteOutcome.NotFound;
        var revision = await WriteAsync(
            organizationId,
            key,
            null,
            (record, _) =>
            {
                outcome = Check(record, etag, create: false);
                return outcome != WriteOutcome.Written ? null : t =>
                {
                    t.Delete(key);
                    foreach (var reference in References(StoredValues.ReadPolicy(record)))
                    {
                        t.Delete(reference);
                    }
                };
            },
            cancellation);
        return new DeleteOutcome(outcome, []) { Revision = revision };
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ConfigurationNews> FollowAsync(long afterRevision, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var feed = new ConfigurationFeed(this, _writes);
        var follower = new EtcdFollower(_client, ConfigurationKeys.All, _time) { Revision = afterRevision };
        await foreach (var news in feed.ReadAsync(follower, _time, cancellation))
        {
            _feedTrouble = feed.Trouble;
            if (news is not null)
            {
                yield return news;
            }
        }
    }

    /// <inheritdoc/>
    public Task<string?> RefreshKeysAsync(CancellationToken cancellation) => Task.Run(() => Values.RefreshKeys() ? _keys.ActiveId : null, cancellation);

    /// <inheritdoc/>
    public async Task ProbeAsync(CancellationToken cancellation)
    {
        // While the feed runs and writes work, etcd need not be asked by every sidecar every few seconds.
        if (_writeTrouble is not null)
        {
            await TranslatedAsync(async () =>
            {
                await _client.CommitAsync(new EtcdTransaction().Put(ConfigurationKeys.Probe, ByteString.Empty), cancellation);
                return true;
            });
            _writeTrouble = null;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Every key that a policy takes, with its value.</summary>
    internal static List<(string Key, ByteString Value)> Puts(Policy policy)
    {
        var name = ByteString.CopyFromUtf8(policy.Name);
        return [(ConfigurationKeys.Policy(policy.OrganizationId, policy.Name), StoredValues.ToBytes(policy)), .. References(policy).Select(r => (r, name))];
    }

    /// <exception cref="StorageUnusableException">See <see cref="LoadAsync"/>.</exception>
    internal StoredConfiguration Read(EtcdListing listing)
    {
        foreach (var record in listing.Records)
        {
            CheckUsable(record);
        }

        return new StoredConfiguration(
            [.. listing.Records.Where(r => r.Key.StartsWith(ConfigurationKeys.Integrations, StringComparison.Ordinal)).Select(Values.ReadIntegration)],
            [.. listing.Records.Where(r => r.Key.StartsWith(ConfigurationKeys.Policies, StringComparison.Ordinal)).Select(StoredValues.ReadPolicy)])
        {
            Revision = listing.Revision,
        };
    }

    /// <summary>
    /// A sidecar with another key than the fleet's is told so at its start, not when the first secret cannot be opened: the first one
    /// leaves something sealed behind that all others have to open.
    /// </summary>
    private async Task CheckKeysAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var check = await _client.GetAsync(ConfigurationKeys.KeyCheck, cancellation);
            if (check.Exists)
            {
                Values.OpenCheck(check);
                return;
            }

            try
            {
                await _client.CommitAsync(new EtcdTransaction().IfAbsent(ConfigurationKeys.KeyCheck).Put(ConfigurationKeys.KeyCheck, Values.SealCheck()), cancellation);
            }
            catch (EtcdOutcomeUnknownException)
            {
                // Look again whether it is there.
                continue;
            }
        }
    }

    private static WriteOutcome Check(EtcdRecord record, string etag, bool create) => (create, record.Exists) switch
    {
        (true, false) => WriteOutcome.Written,
        (true, true) => WriteOutcome.AlreadyExists,
        (false, false) => WriteOutcome.NotFound,
        (false, true) => etag.Length == 0 || etag == StoredValues.Etag(record.ModRevision) ? WriteOutcome.Written : WriteOutcome.EtagMismatch,
    };

    private static IEnumerable<string> References(Policy policy) => policy.Integrations
        .Select(i => ConfigurationKeys.References(policy.OrganizationId, i.IntegrationName) + ConfigurationKeys.Lower(policy.Name)).Distinct(StringComparer.Ordinal);

    private static void CheckUsable(EtcdRecord record)
    {
        if (record.Key == ConfigurationKeys.Migration)
        {
            throw new StorageUnusableException("a migration into this etcd prefix was begun and is not finished: let it end, or run `pdsidecar storage migrate` again");
        }

        if (record.Key == ConfigurationKeys.Format && record.Value.ToStringUtf8() != KnownFormat)
        {
            throw new StorageUnusableException($"what is under this etcd prefix has format {record.Value.ToStringUtf8()}, and this pdsidecar knows {KnownFormat}: use the newer version that wrote it");
        }
    }

    private async Task<WriteOutcome> PutAsync(StoredIntegration stored, bool create, CancellationToken cancellation)
    {
        var integration = stored.Integration;
        var key = ConfigurationKeys.Integration(integration.OrganizationId, integration.Name);
        var outcome = WriteOutcome.NotFound;
        cancellation.ThrowIfCancellationRequested();
        var value = Values.ToBytes(stored);
        var revision = await WriteAsync(
            integration.OrganizationId,
            key,
            null,
            (record, _) => (outcome = Check(record, integration.Etag, create)) == WriteOutcome.Written ? t => t.Put(key, value) : null,
            cancellation);
        integration.Etag = outcome == WriteOutcome.Written ? StoredValues.Etag(revision) : integration.Etag;
        return outcome;
    }

    private async Task<WriteOutcome> PutAsync(Policy policy, bool create, CancellationToken cancellation)
    {
        var key = ConfigurationKeys.Policy(policy.OrganizationId, policy.Name);
        var outcome = WriteOutcome.NotFound;
        cancellation.ThrowIfCancellationRequested();
        var puts = Puts(policy);
        var revision = await WriteAsync(
            policy.OrganizationId,
            key,
            null,
            (record, _) => (outcome = Check(record, policy.Etag, create)) != WriteOutcome.Written ? null : t =>
            {
                puts.ForEach(p => t.Put(p.Key, p.Value));
                foreach (var gone in record.Exists ? References(StoredValues.ReadPolicy(record)).Except(puts.Select(p => p.Key)) : [])
                {
                    t.Delete(gone);
                }
            },
            cancellation);
        policy.Etag = outcome == WriteOutcome.Written ? StoredValues.Etag(revision) : policy.Etag;
        return outcome;
    }

    /// <summary>Reads and writes as one step, and remembers whether etcd took it.</summary>
    private Task<long> WriteAsync(
        string organization, string key, string? alsoUnder, Func<EtcdRecord, IReadOnlyList<EtcdRecord>, Action<EtcdTransaction>?> decide, CancellationToken cancellation) =>
        TranslatedAsync(async () =>
        {
            var revision = await _writes.RunAsync(organization, key, alsoUnder, decide, CheckUsable, KnownFormat, cancellation);
            _writeTrouble = revision > 0 ? null : _writeTrouble;
            return revision;
        });

    private async Task<T> TranslatedAsync<T>(Func<Task<T>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (e is EtcdOutcomeUnknownException)
        {
            _writeTrouble = e.Message;
            throw new StorageOutcomeUnknownException($"{e.Message}; whether the change was made is not known", e);
        }
        catch (Exception e) when (e is EtcdUnavailableException or EtcdRefusedException)
        {
            _writeTrouble = e.Message;
            throw new StorageUnavailableException(e.Message, e);
        }
        catch (StorageUnavailableException e)
        {
            _writeTrouble = e.Message;
            throw;
        }
    }
}
