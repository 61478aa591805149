using Border0.PdSidecar.Storage.Etcd.Configuration;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Storage.Secrets;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Migration;

/// <summary>
/// An etcd prefix that is marked while it is filled: sidecars refuse to start on a marked one and to write to it, and those that run take
/// nothing from it. With the mark's end all of it is there at once. A mark that was left behind by a broken-off run is taken over.
/// </summary>
/// <param name="client">The cluster.</param>
/// <param name="keys">The keys that secrets are sealed under.</param>
/// <param name="time">The clock.</param>
public sealed class EtcdTarget(EtcdClient client, KeyRing keys, TimeProvider time) : IMigrationTarget
{
    /// <summary>Well below what etcd takes for one transaction: 128 operations and 1.5 MiB.</summary>
    private const int MostOperations = 90;
    private const int MostBytes = 1_100_000;

    private static readonly string[] Filled = [ConfigurationKeys.Integrations, ConfigurationKeys.Policies, ConfigurationKeys.AllReferences];
    private readonly ByteString _mark = ByteString.CopyFromUtf8(Guid.NewGuid().ToString("N"));

    /// <inheritdoc/>
    public async Task<StoredConfiguration> LoadAsync(CancellationToken cancellation)
    {
        var listing = await RetriedAsync(() => client.ListAsync(ConfigurationKeys.All, cancellation));
        return listing.Records.Any(r => r.Key == ConfigurationKeys.Migration) ? new StoredConfiguration([], []) : Store.Read(listing);
    }

    /// <inheritdoc/>
    public async Task WriteAsync(StoredConfiguration configuration, CancellationToken cancellation)
    {
        // Also looks whether the key file is the fleet's, where there is a fleet.
        var check = await RetriedAsync(() => client.GetAsync(ConfigurationKeys.KeyCheck, cancellation));
        if (check.Exists)
        {
            Store.Values.OpenCheck(check);
        }

        await MarkAsync(cancellation);
        try
        {
            await FillAsync(configuration, cancellation);
            var listing = await RetriedAsync(() => client.ListAsync(ConfigurationKeys.All, cancellation));
            if (ConfigurationMigration.Difference(configuration, Store.Read(listing with { Records = [.. listing.Records.Where(r => r.Key != ConfigurationKeys.Migration)] })) is { } difference)
            {
                throw new StorageUnavailableException($"what was written to etcd does not come back ({difference})");
            }

            await EndAsync(t => t.Put(ConfigurationKeys.Format, ByteString.CopyFromUtf8(EtcdConfigurationStore.KnownFormat)), cancellation);
        }
        catch (Exception e) when (e is not StorageOutcomeUnknownException)
        {
            await UndoAsync(e);
            throw;
        }
    }

    private EtcdConfigurationStore Store => new(client, keys, time);

    private async Task MarkAsync(CancellationToken cancellation)
    {
        var old = await RetriedAsync(() => client.GetAsync(ConfigurationKeys.Migration, cancellation));
        await RetriedAsync(async () =>
        {
            var marked = await client.CommitAsync(new EtcdTransaction().IfUnchanged(ConfigurationKeys.Migration, old.ModRevision).Put(ConfigurationKeys.Migration, _mark), cancellation);
            if (!marked.Succeeded && (await client.GetAsync(ConfigurationKeys.Migration, cancellation)).Value != _mark)
            {
                throw new StorageUnusableException("somebody else has begun a migration into this etcd prefix just now: nothing was moved");
            }

            return true;
        });

        // From here on nobody writes; what a broken-off run left behind was never in use.
        var listing = await RetriedAsync(() => client.ListAsync(ConfigurationKeys.All, cancellation));
        if (!old.Exists && listing.Records.Any(r => Filled.Any(f => r.Key.StartsWith(f, StringComparison.Ordinal))))
        {
            await EndAsync(_ => { }, cancellation);
            throw new StorageUnusableException("somebody has written to this etcd prefix just now: nothing was moved");
        }

        await RetriedAsync(() => client.CommitAsync(Emptied(new EtcdTransaction()), cancellation));
    }

    private async Task FillAsync(StoredConfiguration configuration, CancellationToken cancellation)
    {
        var (batch, bytes) = (new EtcdTransaction(), 0);
        foreach (var puts in configuration.Integrations.Select(i => Puts(i)).Concat(configuration.Policies.Select(EtcdConfigurationStore.Puts)))
        {
            var size = puts.Sum(p => p.Key.Length + p.Value.Length);
            if (batch.Count > 0 && (batch.Count + puts.Count > MostOperations || bytes + size > MostBytes))
            {
                await CommitAsync(batch, cancellation);
                (batch, bytes) = (new EtcdTransaction(), 0);
            }

            puts.ForEach(p => batch.Put(p.Key, p.Value));
            bytes += size;
        }

        await CommitAsync(batch, cancellation);
    }

    private List<(string Key, ByteString Value)> Puts(StoredIntegration stored) =>
        [(ConfigurationKeys.Integration(stored.Integration.OrganizationId, stored.Integration.Name), Store.Values.ToBytes(stored))];

    private Task<bool> CommitAsync(EtcdTransaction batch, CancellationToken cancellation) => RetriedAsync(async () =>
        (await client.CommitAsync(batch.IfValue(ConfigurationKeys.Migration, _mark), cancellation)).Succeeded ? true : throw Overtaken());

    /// <summary>Takes the mark away, with what comes along.</summary>
    private Task<bool> EndAsync(Action<EtcdTransaction> along, CancellationToken cancellation) => RetriedAsync(async () =>
    {
        var end = new EtcdTransaction().IfValue(ConfigurationKeys.Migration, _mark).Delete(ConfigurationKeys.Migration);
        along(end);
        return (await client.CommitAsync(end, cancellation)).Succeeded || !(await client.GetAsync(ConfigurationKeys.Migration, cancellation)).Exists ? true : throw Overtaken();
    });

    private async Task UndoAsync(Exception why)
    {
        try
        {
            await EndAsync(t => Emptied(t), CancellationToken.None);
        }
        catch (Exception e) when (e is StorageUnavailableException or StorageUnusableException)
        {
            throw new StorageUnavailableException($"{why.Message}; and what was written of it could not be removed ({e.Message}): sidecars refuse this prefix until the migration is run again", why);
        }
    }

    private static EtcdTransaction Emptied(EtcdTransaction transaction)
    {
        foreach (var prefix in Filled)
        {
            transaction.DeleteAll(prefix);
        }

        return transaction;
    }

    private static StorageUnusableException Overtaken() => new("somebody else has begun a migration into this etcd prefix meanwhile, and goes on with it");

    /// <summary>Everything here can be done twice: where an answer is missing it is done again.</summary>
    private async Task<T> RetriedAsync<T>(Func<Task<T>> run)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await run();
            }
            catch (EtcdOutcomeUnknownException) when (tries < 5)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), time, CancellationToken.None);
            }
            catch (Exception e) when (e is EtcdUnavailableException or EtcdRefusedException)
            {
                throw new StorageUnavailableException(e.Message, e);
            }
        }
    }
}
