using System.Globalization;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>Integrations and policies in one SQLite file. One process, one connection, one write at a time.</summary>
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

    private readonly SemaphoreSlim _one = new(1);
    private readonly SqliteConnection _connection;
    private readonly KeyRing _keys;
    private SecretBox _box;

    private SqliteConfigurationStore(SqliteConnection connection, KeyRing keys) => (_connection, _keys, _box) = (connection, keys, new SecretBox(keys));

    /// <summary>Opens or creates the file.</summary>
    /// <exception cref="StorageUnusableException">The file cannot be used.</exception>
    public static SqliteConfigurationStore Open(string path, KeyRing keys) => new(SqliteFile.Open(path, Migrations, "FULL"), keys);

    /// <inheritdoc/>
    public Task<StoredConfiguration> LoadAsync(CancellationToken cancellation) => RunAsync(() =>
    {
        var integrations = new List<StoredIntegration>();
        using (var command = SqliteFile.Command(_connection, null, "SELECT record, secrets, version FROM integrations ORDER BY organization, name"))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                var integration = Parsed(Integration.Parser, reader, 0, "an integration");
                integration.Etag = Etag(reader.GetInt64(2));
                var secrets = Integration.Parser.ParseFrom(_box.Open(reader.GetFieldValue<byte[]>(1), BelongsTo(integration)));
                integrations.Add(new StoredIntegration(integration, new IntegrationSecrets(secrets.ApiKey, [.. secrets.WebhookSecrets])));
            }
        }

        var policies = new List<Policy>();
        using (var command = SqliteFile.Command(_connection, null, "SELECT record, version FROM policies ORDER BY organization, name"))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                var policy = Parsed(Policy.Parser, reader, 0, "a policy");
                policy.Etag = Etag(reader.GetInt64(1));
                policies.Add(policy);
            }
        }

        return new StoredConfiguration(integrations, policies);
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

    /// <summary>Seals every secret again under a new key. A crash in between leaves some under the old key, which stays in the file.</summary>
    /// <returns>How many integrations were sealed again.</returns>
    public Task<int> RotateKeyAsync(CancellationToken cancellation) => RunAsync(() =>
    {
        var old = _box;
        _box = new SecretBox(_keys.Rotate());
        using var transaction = _connection.BeginTransaction();
        var sealedAgain = new List<(string Organization, string Name, byte[] Secrets)>();
        using (var command = SqliteFile.Command(_connection, transaction, "SELECT record, secrets, organization, name FROM integrations"))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                var belongsTo = BelongsTo(Parsed(Integration.Parser, reader, 0, "an integration"));
                sealedAgain.Add((reader.GetString(2), reader.GetString(3), _box.Seal(old.Open(reader.GetFieldValue<byte[]>(1), belongsTo), belongsTo)));
            }
        }

        foreach (var (organization, name, secrets) in sealedAgain)
        {
            using var update = SqliteFile.Command(
                _connection, transaction, "UPDATE integrations SET secrets = $s WHERE organization = $o AND name = $n", ("$s", secrets), ("$o", organization), ("$n", name));
            update.ExecuteNonQuery();
        }

        transaction.Commit();
        return sealedAgain.Count;
    }, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _one.WaitAsync();
        await _connection.DisposeAsync();
        _one.Dispose();
    }

    private static string Etag(long version) => version.ToString("x", CultureInfo.InvariantCulture);

    private static string Key(string name) => name.ToLowerInvariant();

    private static string BelongsTo(Integration integration) => $"integration {integration.OrganizationId}/{Key(integration.Name)}";

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

    private WriteOutcome Put(SqliteTransaction transaction, StoredIntegration stored, bool create)
    {
        var integration = stored.Integration;
        if (Check(transaction, "integrations", integration.OrganizationId, integration.Name, integration.Etag, create) is var found and not WriteOutcome.Written)
        {
            return found;
        }

        var secrets = new Integration { ApiKey = stored.Secrets.ApiKey, WebhookSecrets = { stored.Secrets.WebhookSecrets } };
        var version = NextVersion(transaction);
        using var command = SqliteFile.Command(
            _connection,
            transaction,
            "INSERT OR REPLACE INTO integrations (organization, name, version, record, secrets) VALUES ($o, $n, $v, $r, $s)",
            ("$o", integration.OrganizationId),
            ("$n", Key(integration.Name)),
            ("$v", version),
            ("$r", Record(integration)),
            ("$s", _box.Seal(secrets.ToByteArray(), BelongsTo(integration))));
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
            throw new StorageUnavailableException($"the configuration database cannot be used: {e.Message}", e);
        }
        finally
        {
            _one.Release();
        }
    }
}
