using System.Globalization;
using System.Security.Cryptography;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Etcd.Configuration;

/// <summary>Integrations and policies as bytes and back. Secrets are sealed before they leave the process. Thread-safe.</summary>
internal sealed class StoredValues(KeyRing keys)
{
    /// <summary>What a value may have at most: with guard and references it still is well below what etcd takes for one transaction (1.5 MiB).</summary>
    public const int MaxValue = 1 << 20;

    private readonly Lock _lock = new();
    private readonly SecretBox _box = new(keys);

    public static string Etag(long revision) => revision.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads the key file again.</summary>
    /// <returns>Whether another key is the active one now.</returns>
    public bool RefreshKeys()
    {
        lock (_lock)
        {
            return keys.Refresh();
        }
    }

    /// <summary>The bytes of an integration; what is made up on reading and what is secret is left out of the record.</summary>
    public ByteString ToBytes(StoredIntegration stored)
    {
        var record = stored.Integration.Clone();
        record.Etag = record.ApiKey = "";
        record.WebhookSecrets.Clear();
        record.Status = null;
        var plain = new Integration { ApiKey = stored.Secrets.ApiKey, WebhookSecrets = { stored.Secrets.WebhookSecrets } }.ToByteArray();
        try
        {
            lock (_lock)
            {
                // The active key may be another one since the last write.
                keys.Refresh();
                return Bounded(
                    new StoredValue { Record = record.ToByteString(), Secrets = ByteString.CopyFrom(_box.Seal(plain, BelongsTo(record))) }, $"integration {record.Name}");
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>The bytes of a policy.</summary>
    public static ByteString ToBytes(Policy policy)
    {
        var record = policy.Clone();
        record.Etag = "";
        record.Warnings.Clear();
        return Bounded(new StoredValue { Record = record.ToByteString() }, $"policy {record.Name}");
    }

    /// <summary>The integration that a record holds.</summary>
    /// <exception cref="StorageUnusableException">It is damaged, or sealed under a key that is not there.</exception>
    public StoredIntegration ReadIntegration(EtcdRecord record)
    {
        var (value, integration) = Parse(record, Integration.Parser);
        if (ConfigurationKeys.Integration(integration.OrganizationId, integration.Name) != record.Key)
        {
            throw Damaged(record);
        }

        integration.Etag = Etag(record.ModRevision);
        var plain = Open(record, value.Secrets, integration);
        try
        {
            var secrets = Integration.Parser.ParseFrom(plain);
            return new StoredIntegration(integration, new IntegrationSecrets(secrets.ApiKey, [.. secrets.WebhookSecrets]));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>The policy that a record holds.</summary>
    /// <exception cref="StorageUnusableException">It is damaged.</exception>
    public static Policy ReadPolicy(EtcdRecord record)
    {
        var (_, policy) = Parse(record, Policy.Parser);
        if (ConfigurationKeys.Policy(policy.OrganizationId, policy.Name) != record.Key)
        {
            throw Damaged(record);
        }

        policy.Etag = Etag(record.ModRevision);
        return policy;
    }

    /// <summary>The same integration sealed under the active key; null when it is so already.</summary>
    /// <exception cref="StorageUnusableException">It is damaged, or sealed under a key that is not there.</exception>
    public ByteString? SealedAgain(EtcdRecord record)
    {
        var (value, integration) = Parse(record, Integration.Parser);
        var plain = Open(record, value.Secrets, integration);
        try
        {
            lock (_lock)
            {
                if (SecretBox.KeyIdOf(value.Secrets.Span) == keys.ActiveId)
                {
                    return null;
                }

                value.Secrets = ByteString.CopyFrom(_box.Seal(plain, BelongsTo(integration)));
                return value.ToByteString();
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>What every key file of the fleet must be able to open.</summary>
    public ByteString SealCheck()
    {
        lock (_lock)
        {
            keys.Refresh();
            return ByteString.CopyFrom(_box.Seal("the fleet's"u8, ConfigurationKeys.KeyCheck));
        }
    }

    /// <summary>Looks whether the key file is the fleet's.</summary>
    /// <exception cref="StorageUnusableException">It is not.</exception>
    public void OpenCheck(EtcdRecord record)
    {
        try
        {
            lock (_lock)
            {
                _box.Open(record.Value.Span, ConfigurationKeys.KeyCheck);
            }
        }
        catch (StorageUnusableException e)
        {
            throw new StorageUnusableException($"key file {keys.Path} is not the one of the fleet under this etcd prefix: copy it from a sidecar that runs (etcd key {record.Key}: {e.Message})", e);
        }
    }

    /// <summary>The check sealed under the active key; null when it is so already.</summary>
    /// <exception cref="StorageUnusableException">The key file is not the fleet's.</exception>
    public ByteString? CheckSealedAgain(EtcdRecord record)
    {
        OpenCheck(record);
        lock (_lock)
        {
            return SecretBox.KeyIdOf(record.Value.Span) == keys.ActiveId ? null : SealCheck();
        }
    }

    private static string BelongsTo(Integration integration) => Sqlite.SqliteConfigurationStore.BelongsTo(integration.OrganizationId, ConfigurationKeys.Lower(integration.Name));

    private static ByteString Bounded(StoredValue value, string what)
    {
        var bytes = value.ToByteString();
        return bytes.Length <= MaxValue ? bytes : throw new StorageLimitException($"{what} has {bytes.Length} bytes, and the store takes {MaxValue} at most");
    }

    private static (StoredValue Value, T Record) Parse<T>(EtcdRecord record, MessageParser<T> parser)
        where T : IMessage<T>
    {
        try
        {
            var value = StoredValue.Parser.ParseFrom(record.Value);
            return (value, parser.ParseFrom(value.Record));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Damaged(record, e);
        }
    }

    private static StorageUnusableException Damaged(EtcdRecord record, Exception? inner = null) =>
        new($"etcd key {record.Key} holds what this program did not write: restore it from a backup, or delete it", inner);

    private byte[] Open(EtcdRecord record, ByteString secrets, Integration integration)
    {
        try
        {
            lock (_lock)
            {
                return _box.Open(secrets.Span, BelongsTo(integration));
            }
        }
        catch (StorageUnusableException e)
        {
            throw new StorageUnusableException($"etcd key {record.Key}: {e.Message}", e);
        }
    }
}
