using System.Security.Cryptography;
using Border0.PdSidecar.Storage.Secrets;
using Microsoft.Data.Sqlite;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>
/// Seals every secret again under a new key, in a directory that a sidecar may be running on. Keys and secrets only ever change
/// together under the database's write lock, and whoever seals a secret reads the key file while holding that lock: so nothing is
/// sealed under a key that is about to be removed.
/// </summary>
public static class KeyRotation
{
    /// <summary>Rotates.</summary>
    /// <param name="database">The configuration database; must be there.</param>
    /// <param name="keyFile">The key file; must be there, and must open every secret.</param>
    /// <param name="reached">Told of every step.</param>
    /// <returns>How many integrations were sealed again, and the new key's id.</returns>
    /// <exception cref="StorageUnusableException">The files are not there, or do not belong together; nothing was changed.</exception>
    /// <exception cref="StorageUnavailableException">The disk failed, or somebody held the database for 10 s. Can be run again.</exception>
    public static (int Sealed, string KeyId) Run(string database, string keyFile, Action<RotationStep>? reached = null)
    {
        foreach (var file in (ReadOnlySpan<string>)[database, keyFile])
        {
            if (!File.Exists(file))
            {
                throw new StorageUnusableException($"there is no {file}: nothing to rotate");
            }
        }

        try
        {
            var keys = KeyRing.Open(keyFile);
            using var connection = SqliteFile.Connect(database);
            var schema = (long)SqliteFile.Scalar(connection, "PRAGMA user_version")!;
            if (schema != SqliteConfigurationStore.Schema)
            {
                throw new StorageUnusableException($"database {database} has schema {schema}, and this pdsidecar knows {SqliteConfigurationStore.Schema}: use the version that serves from it");
            }

            SqliteFile.Execute(connection, "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON");
            var count = SealAgain(connection, keys, reached);
            reached?.Invoke(RotationStep.Committed);

            // The write-ahead log still holds pages from before.
            SqliteFile.Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
            reached?.Invoke(RotationStep.Wiped);
            RemoveOldKeys(connection, keys);
            reached?.Invoke(RotationStep.OldKeysRemoved);
            return (count, keys.ActiveId);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StorageUnavailableException($"the keys could not be rotated: {e.Message}; what is there stays readable, and rotating can be tried again", e);
        }
    }

    private static int SealAgain(SqliteConnection connection, KeyRing keys, Action<RotationStep>? reached)
    {
        using var transaction = connection.BeginTransaction();
        keys.Refresh();
        var box = new SecretBox(keys);
        var opened = new List<(string Organization, string Name, byte[] Secrets)>();
        try
        {
            foreach (var (organization, name, envelope) in Envelopes(connection, transaction))
            {
                opened.Add((organization, name, box.Open(envelope, SqliteConfigurationStore.BelongsTo(organization, name))));
            }

            reached?.Invoke(RotationStep.Checked);
            keys.AddKey();
            reached?.Invoke(RotationStep.KeyAdded);
            foreach (var (organization, name, secrets) in opened)
            {
                using var update = SqliteFile.Command(
                    connection,
                    transaction,
                    "UPDATE integrations SET secrets = $s WHERE organization = $o AND name = $n",
                    ("$s", box.Seal(secrets, SqliteConfigurationStore.BelongsTo(organization, name))),
                    ("$o", organization),
                    ("$n", name));
                update.ExecuteNonQuery();
            }

            reached?.Invoke(RotationStep.Sealed);
            transaction.Commit();
            return opened.Count;
        }
        finally
        {
            opened.ForEach(o => CryptographicOperations.ZeroMemory(o.Secrets));
        }
    }

    /// <summary>Removes the keys that nothing is sealed under, unless another rotation has begun meanwhile, which will do it.</summary>
    private static void RemoveOldKeys(SqliteConnection connection, KeyRing keys)
    {
        using var transaction = connection.BeginTransaction();
        keys.Refresh();
        if (Envelopes(connection, transaction).All(e => SecretBox.KeyIdOf(e.Secrets) == keys.ActiveId))
        {
            keys.RemoveOldKeys();
        }
    }

    private static List<(string Organization, string Name, byte[] Secrets)> Envelopes(SqliteConnection connection, SqliteTransaction transaction)
    {
        var envelopes = new List<(string, string, byte[])>();
        using var command = SqliteFile.Command(connection, transaction, "SELECT organization, name, secrets FROM integrations");
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            envelopes.Add((reader.GetString(0), reader.GetString(1), reader.GetFieldValue<byte[]>(2)));
        }

        return envelopes;
    }
}
