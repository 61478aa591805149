using System.Globalization;
using System.Security.Cryptography;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>Integrations and policies in one SQLite file. One connection, one write at a time; other processes may rotate the keys meanwhile.</summary>
public sealed class SqliteConfigurationStore : IConfigurationStore
{
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO counters VALUES ('version', 0);
        CREATE TABLE integrations (
            organization TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, record BLOB NOT NULL, secrets BLOB NOT NULL,
            PRIMARY KEY (organization, name)) STRICT, WITHOUT ROWID;
        CREATE TABLE policies (
            organization TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, record BLOB NOT NULL,
            PRIMARY KEY (organization, name)) STRICT, WITHOUT ROWID;
        CREATE TABLE policy_integrations (
            organization TEXT NOT NULL, integration TEXT NOT NULL, policy TEXT NOT NULL,
            PRIMARY KEY (organization, integration, policy),
            FOREIGN KEY (organization, policy) REFERENCES policies (organization, name) ON DELETE CASCADE) STRICT, WITHOUT ROWID;
        CREATE INDEX policy_integrations_by_policy ON policy_integrations (organization, policy);
        """,
    ];

    /// <summary>The schema that <see cref="Migrations"/> lead to.</summary>
    internal static long Schema => Migrations.Length;

    /// <summary>What an integration's secrets are sealed for.</summary>
    /// <param name="organization">Its organization.</param>
    /// <param name="name">Its name in lower case.</param>
    internal static string BelongsTo(string organization, string name) => $"integration {organization}/{name}";

    private readonly SemaphoreSlim _one = new(1);
    private readonly SqliteConnection _connection;
    private readonly KeyRing _keys;
    private readonly SecretBox _box;
    private volatile string? _trouble;
    private int _disposed;

    private SqliteConfigurationStore(SqliteConnection connection, KeyRing keys) => (_connection, _keys, _box) = (connection, keys, new SecretBox(keys));

    /// <inheritdoc/>
    public string? Trouble => _trouble;

    /// <summary>Opens or creates the file.</summary>
    /// <exception cref="StorageUnusableException">The file cannot be used.</exception>
    public static SqliteConfigurationStore Open(string path, KeyRing keys)
    {
        var connection = SqliteFile.Open(path, Migrations, "FULL");

        // What is replaced or deleted is overwritten: no old secret, sealed though it is, stays in a free page.
        SqliteFile.Execute(connection, "PRAGMA secure_delete=ON");
        return new SqliteConfigurationStore(connection, keys);
    }

    /// <inheritdoc/>
    /// <exception cref="StorageUnusableException">The file is damaged, or its secrets cannot be opened.</exception>
    public Task<StoredConfiguration> LoadAsync(CancellationToken cancellation) => RunAsync(() =>
    {
        try
        {
            return Load();
        }
        catch (StorageUnusableException e)
        {
            throw new StorageUnusableException($"database {_connection.DataSource}: {e.Message}", e);
        }
        catch (Exception e) when (e is SqliteException { SqliteErrorCode: SqliteFile.Corrupt } or InvalidCastException or InvalidOperationException)
        {
            throw SqliteFile.Unusable(_connection.DataSource, e);
        }
    }, cancellation);

    /// <inheritdoc/>
    public Task<WriteOutcome> CreateAsync(StoredIntegration integration, CancellationToken cancellation) =>
        WriteAsync(t => Put(t, integration, create: true), cancellation);

    /// <inheritdoc/>
    public Task<WriteOutcome> ReplaceAsync(StoredIntegration integration, CancellationToken cancellation) =>
        WriteAsync(t => Put(t, integration, create: false), cancellation);

    /// <inheritdoc/>
    public Task<WriteOutcome> CreateAsync(Policy policy, CancellationToken cancellation) =>
        WriteAsync(t => Put(t, policy, create: true), cancellation);

    /// <inheritdoc/>
    public Task<WriteOutcome> ReplaceAsync(Policy policy, CancellationToken cancellation) =>
        WriteAsync(t => Put(t, policy, create: false), cancellation);

    /// <inheritdoc/>
    public async Task<DeleteOutcome> DeleteIntegrationAsync(
        string organizationId, string name, string etag, bool force, CancellationToken cancellation)
    {
        List<string> referring = [];
        var refused = false;
        var outcome = await WriteAsync(t =>
        {
            if (Check(t, "integrations", organizationId, name, etag, create: false) is var found and not WriteOutcome.Written)
            {
                return found;
            }

            referring = Referring(t, organizationId, name);
            if (referring.Count > 0 && !force)
            {
                refused = true;
                return WriteOutcome.NotFound;
            }

            Delete(t, "integrations", organizationId, name);
            return WriteOutcome.Written;
        }, cancellation);
        return new DeleteOutcome(outcome, referring) { Refused = refused };
    }

    /// <inheritdoc/>
    public async Task<DeleteOutcome> DeletePolicyAsync(string organizationId, string name, string etag, CancellationToken cancellation) =>
        new(
            await WriteAsync(t =>
            {
                var found = Check(t, "policies", organizationId, name, etag, create: false);
                if (found == WriteOutcome.Written)
                {
                    Delete(t, "policies", organizationId, name);
                }

                return found;
            }, cancellation),
            []);

    /// <inheritdoc/>
    public Task<string?> RefreshKeysAsync(CancellationToken cancellation) => RunAsync(() => _keys.Refresh() ? _keys.ActiveId : null, cancellation);

    /// <inheritdoc/>
    public Task ProbeAsync(CancellationToken cancellation) => RunAsync(() =>
    {
        using var transaction = _connection.BeginTransaction();
        using var command = SqliteFile.Command(_connection, transaction, "INSERT INTO counters VALUES ('probe', 1) ON CONFLICT DO UPDATE SET value = value + 1");
        command.ExecuteNonQuery();
        transaction.Commit();
        _trouble = null;
        return true;
    }, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _one.WaitAsync();
            await _connection.DisposeAsync();
            _one.Dispose();
        }
    }

    private static string Etag(long version) => version.ToString("x", CultureInfo.InvariantCulture);

    private static string Key(string name) => name.ToLowerInvariant();

    private static string BelongsTo(Integration integration) => BelongsTo(integration.OrganizationId, Key(integration.Name));

    private static T Parsed<T>(MessageParser<T> parser, SqliteDataReader reader, int column, string what)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(reader.GetFieldValue<byte[]>(column));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new StorageUnusableException($"the record of {what} is damaged: restore the database from a backup", e);
        }
    }

    private StoredConfiguration Load()
    {
        // So that keys and secrets are of one moment: a rotation in another process changes both under the write lock.
        using var transaction = _connection.BeginTransaction();
        _keys.Refresh();
        var integrations = new List<StoredIntegration>();
        using (var command = SqliteFile.Command(_connection, transaction, "SELECT record, secrets, version, organization, name FROM integrations ORDER BY organization, name"))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                var integration = Parsed(Integration.Parser, reader, 0, "an integration");
                CheckOwn(reader, 3, integration.OrganizationId, integration.Name);
                integration.Etag = Etag(reader.GetInt64(2));
                integrations.Add(new StoredIntegration(integration, Secrets(reader.GetFieldValue<byte[]>(1), BelongsTo(integration))));
            }
        }

        var policies = new List<Policy>();
        using (var command = SqliteFile.Command(_connection, transaction, "SELECT record, version, organization, name FROM policies ORDER BY organization, name"))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                var policy = Parsed(Policy.Parser, reader, 0, "a policy");
                CheckOwn(reader, 2, policy.OrganizationId, policy.Name);
                policy.Etag = Etag(reader.GetInt64(1));
                policies.Add(policy);
            }
        }

        return new StoredConfiguration(integrations, policies);
    }

    /// <summary>A record stands under its own name: one that does not would be served under another one than it is changed under.</summary>
    private static void CheckOwn(SqliteDataReader reader, int column, string organization, string name)
    {
        if (reader.GetString(column) != organization || reader.GetString(column + 1) != Key(name))
        {
            throw new StorageUnusableException($"the record of {reader.GetString(column)}/{reader.GetString(column + 1)} is damaged: restore the database from a backup");
        }
    }

    private WriteOutcome Put(SqliteTransaction transaction, StoredIntegration stored, bool create)
    {
        var integration = stored.Integration;
        if (Check(transaction, "integrations", integration.OrganizationId, integration.Name, integration.Etag, create) is var found and not WriteOutcome.Written)
        {
            return found;
        }

        // Under the write lock: what is sealed here is sealed under a key that no rotation is about to remove.
        _keys.Refresh();
        var version = NextVersion(transaction);
        using var command = SqliteFile.Command(
            _connection,
            transaction,
            "INSERT OR REPLACE INTO integrations (organization, name, version, record, secrets) VALUES ($o, $n, $v, $r, $s)",
            ("$o", integration.OrganizationId),
            ("$n", Key(integration.Name)),
            ("$v", version),
            ("$r", Record(integration)),
            ("$s", Sealed(stored.Secrets, BelongsTo(integration))));
        command.ExecuteNonQuery();
        integration.Etag = Etag(version);
        return WriteOutcome.Written;
    }

    private WriteOutcome Put(SqliteTransaction transaction, Policy policy, bool create)
    {
        if (Check(transaction, "policies", policy.OrganizationId, policy.Name, policy.Etag, create) is var found and not WriteOutcome.Written)
        {
            return found;
        }

        var version = NextVersion(transaction);
        var record = policy.Clone();
        record.Etag = "";
        record.Warnings.Clear();
        Delete(transaction, "policies", policy.OrganizationId, policy.Name);
        using (var command = SqliteFile.Command(
            _connection,
            transaction,
            "INSERT INTO policies (organization, name, version, record) VALUES ($o, $n, $v, $r)",
            ("$o", policy.OrganizationId),
            ("$n", Key(policy.Name)),
            ("$v", version),
            ("$r", record.ToByteArray())))
        {
            command.ExecuteNonQuery();
        }

        foreach (var integration in policy.Integrations.Select(i => Key(i.IntegrationName)).Distinct(StringComparer.Ordinal))
        {
            using var command = SqliteFile.Command(
                _connection,
                transaction,
                "INSERT INTO policy_integrations (organization, integration, policy) VALUES ($o, $i, $p)",
                ("$o", policy.OrganizationId),
                ("$i", integration),
                ("$p", Key(policy.Name)));
            command.ExecuteNonQuery();
        }

        policy.Etag = Etag(version);
        return WriteOutcome.Written;
    }

    private byte[] Sealed(IntegrationSecrets secrets, string belongsTo)
    {
        var plain = new Integration { ApiKey = secrets.ApiKey, WebhookSecrets = { secrets.WebhookSecrets } }.ToByteArray();
        var envelope = _box.Seal(plain, belongsTo);
        CryptographicOperations.ZeroMemory(plain);
        return envelope;
    }

    private IntegrationSecrets Secrets(byte[] envelope, string belongsTo)
    {
        var plain = _box.Open(envelope, belongsTo);
        var secrets = Integration.Parser.ParseFrom(plain);
        CryptographicOperations.ZeroMemory(plain);
        return new IntegrationSecrets(secrets.ApiKey, [.. secrets.WebhookSecrets]);
    }

    /// <summary>The record without what is stored elsewhere, made up on reading, or never stored in the clear.</summary>
    private static byte[] Record(Integration integration)
    {
        var record = integration.Clone();
        record.Etag = record.ApiKey = "";
        record.WebhookSecrets.Clear();
        record.Status = null;
        return record.ToByteArray();
    }

    private WriteOutcome Check(SqliteTransaction transaction, string table, string organization, string name, string etag, bool create)
    {
        using var command = SqliteFile.Command(
            _connection, transaction, $"SELECT version FROM {table} WHERE organization = $o AND name = $n", ("$o", organization), ("$n", Key(name)));
        var version = command.ExecuteScalar() as long?;
        return (create, version) switch
        {
            (true, null) => WriteOutcome.Written,
            (true, _) => WriteOutcome.AlreadyExists,
            (false, null) => WriteOutcome.NotFound,
            (false, { } v) => etag.Length == 0 || etag == Etag(v) ? WriteOutcome.Written : WriteOutcome.EtagMismatch,
        };
    }

    /// <summary>Never the same twice, so that what was deleted and made again has another etag.</summary>
    private long NextVersion(SqliteTransaction transaction)
    {
        using var command = SqliteFile.Command(_connection, transaction, "UPDATE counters SET value = value + 1 WHERE name = 'version' RETURNING value");
        return (long)command.ExecuteScalar()!;
    }

    private List<string> Referring(SqliteTransaction transaction, string organization, string integration)
    {
        var names = new List<string>();
        using var command = SqliteFile.Command(
            _connection,
            transaction,
            "SELECT p.record FROM policy_integrations i JOIN policies p ON p.organization = i.organization AND p.name = i.policy "
            + "WHERE i.organization = $o AND i.integration = $i ORDER BY p.name",
            ("$o", organization),
            ("$i", Key(integration)));
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            names.Add(Parsed(Policy.Parser, reader, 0, "a policy").Name);
        }

        return names;
    }

    private void Delete(SqliteTransaction transaction, string table, string organization, string name)
    {
        using var command = SqliteFile.Command(
            _connection, transaction, $"DELETE FROM {table} WHERE organization = $o AND name = $n", ("$o", organization), ("$n", Key(name)));
        command.ExecuteNonQuery();
    }

    private Task<WriteOutcome> WriteAsync(Func<SqliteTransaction, WriteOutcome> write, CancellationToken cancellation) => RunAsync(() =>
    {
        using var transaction = _connection.BeginTransaction();
        var outcome = write(transaction);
        if (outcome == WriteOutcome.Written)
        {
            transaction.Commit();
            _trouble = null;
        }

        return outcome;
    }, cancellation);

    private async Task<T> RunAsync<T>(Func<T> run, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            return await Task.Run(run, CancellationToken.None);
        }
        catch (SqliteException e)
        {
            _trouble = e.Message;
            throw new StorageUnavailableException($"the configuration database cannot be used: {e.Message}", e);
        }
        catch (StorageUnavailableException e)
        {
            _trouble = e.Message;
            throw;
        }
        finally
        {
            _one.Release();
        }
    }
}
