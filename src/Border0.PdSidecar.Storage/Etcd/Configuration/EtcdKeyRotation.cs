using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Storage.Secrets;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Etcd.Configuration;

/// <summary>
/// Rotates the key that a fleet shares, in three steps with a copy of the key file to every sidecar after each: so there is no moment at
/// which a secret is sealed under a key that a running sidecar does not have. Each step can be run again.
/// </summary>
public static class EtcdKeyRotation
{
    /// <summary>Adds a new key to the file, which everything can be opened with and nothing is sealed under yet.</summary>
    /// <returns>The new key's id.</returns>
    /// <exception cref="StorageUnusableException">The file cannot be used, or holds more than one key already: a rotation is under way.</exception>
    public static string Prepare(string keyFile)
    {
        var keys = Open(keyFile);
        return keys.Count == 1
            ? keys.AddKeyForLater()
            : throw new StorageUnusableException($"key file {keyFile} holds {keys.Count} keys already: a rotation is under way; go on with activate, or finish");
    }

    /// <summary>Makes the prepared key the active one, and seals everything in etcd again under it.</summary>
    /// <returns>How many integrations were sealed again, and the active key's id.</returns>
    /// <exception cref="StorageUnusableException">There is no prepared key, or a secret cannot be opened; nothing was changed.</exception>
    /// <exception cref="StorageUnavailableException">etcd does not answer. Can be run again.</exception>
    public static Task<(int Sealed, string KeyId)> ActivateAsync(EtcdClient client, string keyFile, CancellationToken cancellation) => RunAsync(async () =>
    {
        var keys = Open(keyFile);
        if (keys.Count < 2)
        {
            throw new StorageUnusableException($"key file {keyFile} holds one key only: run the step prepare first, and copy the file to every sidecar");
        }

        // Everything must open before the first thing is sealed anew.
        var values = new StoredValues(keys);
        foreach (var record in Sealed(await client.ListAsync(ConfigurationKeys.All, cancellation)))
        {
            _ = SealedAgain(values, record);
        }

        var target = (await client.GetAsync(ConfigurationKeys.Rotation, cancellation)).Value.ToStringUtf8();
        if (target.Length == 0)
        {
            target = keys.FirstId;
            await client.CommitAsync(new EtcdTransaction().Put(ConfigurationKeys.Rotation, ByteString.CopyFromUtf8(target)), cancellation);
        }

        if (target != keys.ActiveId)
        {
            if (target != keys.FirstId)
            {
                throw new StorageUnusableException($"a rotation to key {target} is under way, which key file {keyFile} has not as its first: use the file that it was prepared in");
            }

            keys.ActivateFirst();
        }

        return (await SealAgainAsync(client, values, cancellation), keys.ActiveId);
    });

    /// <summary>Seals again what was written under an old key meanwhile, and takes the old keys out of the file.</summary>
    /// <returns>How many integrations were sealed again, and the key's id.</returns>
    /// <exception cref="StorageUnusableException">The step activate has not been done.</exception>
    /// <exception cref="StorageUnavailableException">etcd does not answer. Can be run again.</exception>
    public static Task<(int Sealed, string KeyId)> FinishAsync(EtcdClient client, string keyFile, CancellationToken cancellation) => RunAsync(async () =>
    {
        var keys = Open(keyFile);
        var target = (await client.GetAsync(ConfigurationKeys.Rotation, cancellation)).Value.ToStringUtf8();
        if (target != keys.ActiveId && (target.Length > 0 || keys.Count > 1))
        {
            throw new StorageUnusableException($"the active key {keys.ActiveId} of {keyFile} was not activated for the fleet: run the steps prepare and activate first");
        }

        var count = await SealAgainAsync(client, new StoredValues(keys), cancellation);
        if (keys.Count > 1)
        {
            keys.RemoveOldKeys();
        }

        await client.CommitAsync(new EtcdTransaction().Delete(ConfigurationKeys.Rotation), cancellation);
        return (count, keys.ActiveId);
    });

    private static KeyRing Open(string keyFile) =>
        File.Exists(keyFile) ? KeyRing.Open(keyFile) : throw new StorageUnusableException($"there is no {keyFile}: nothing to rotate");

    private static IEnumerable<EtcdRecord> Sealed(EtcdListing listing) =>
        listing.Records.Where(r => r.Key == ConfigurationKeys.KeyCheck || r.Key.StartsWith(ConfigurationKeys.Integrations, StringComparison.Ordinal));

    private static ByteString? SealedAgain(StoredValues values, EtcdRecord record) =>
        record.Key == ConfigurationKeys.KeyCheck ? values.CheckSealedAgain(record) : values.SealedAgain(record);

    /// <summary>Until a listing has nothing under another key: sidecars write meanwhile, and a write of theirs that comes between is seen next time.</summary>
    private static async Task<int> SealAgainAsync(EtcdClient client, StoredValues values, CancellationToken cancellation)
    {
        var integrations = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            var pending = Sealed(await client.ListAsync(ConfigurationKeys.All, cancellation)).Select(r => (Record: r, Value: SealedAgain(values, r))).Where(r => r.Value is not null).ToList();
            if (pending.Count == 0)
            {
                return integrations.Count;
            }

            foreach (var (record, value) in pending)
            {
                try
                {
                    await client.CommitAsync(new EtcdTransaction().IfUnchanged(record.Key, record.ModRevision).Put(record.Key, value!), cancellation);
                    if (record.Key != ConfigurationKeys.KeyCheck)
                    {
                        integrations.Add(record.Key);
                    }
                }
                catch (EtcdOutcomeUnknownException)
                {
                    // The next listing tells.
                    continue;
                }
            }
        }
    }

    private static async Task<T> RunAsync<T>(Func<Task<T>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (e is EtcdUnavailableException or EtcdRefusedException or IOException or UnauthorizedAccessException)
        {
            throw new StorageUnavailableException($"the keys could not be rotated: {e.Message}; what is there stays readable, and the step can be run again", e);
        }
    }
}
