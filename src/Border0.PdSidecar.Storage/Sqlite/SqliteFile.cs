using Microsoft.Data.Sqlite;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>Opens a SQLite file: checked, migrated, in WAL mode, for its owner only.</summary>
internal static class SqliteFile
{
    /// <summary>Opens or creates a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="migrations">
    /// The steps from an empty file to the present schema, oldest first. Each is applied once, in a transaction of its own.
    /// </param>
    /// <param name="synchronous">FULL: a commit survives a power cut. NORMAL: it survives the end of the process.</param>
    /// <exception cref="StorageUnusableException">The file is no database, is damaged, or was written by a newer version.</exception>
    public static SqliteConnection Open(string path, IReadOnlyList<string> migrations, string synchronous)
    {
        SqliteConnection? connection = null;
        try
        {
            if (!File.Exists(path))
            {
                // SQLite gives its other files the mode of the first one.
                new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }).Dispose();
            }

            connection = Connect(path);
            if (Scalar(connection, "PRAGMA quick_check(1)") is not "ok")
            {
                throw new StorageUnusableException($"database {path} is damaged: restore it from a backup, or move it away to start empty");
            }

            Execute(connection, $"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; PRAGMA foreign_keys=ON;");
            Migrate(connection, path, migrations);
            return connection;
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            connection?.Dispose();
            throw e is SqliteException { SqliteErrorCode: 11 or 26 }
                ? new StorageUnusableException($"file {path} is not a database, or is damaged ({e.Message}): restore it from a backup, or move it away to start empty", e)
                : new StorageUnusableException($"database {path} cannot be opened: {e.Message}", e);
        }
        catch (StorageUnusableException)
        {
            connection?.Dispose();
            throw;
        }
    }

    public static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 10 }.ToString());
        connection.Open();
        return connection;
    }

    public static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static SqliteCommand Command(SqliteConnection connection, SqliteTransaction? transaction, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }

    private static void Migrate(SqliteConnection connection, string path, IReadOnlyList<string> migrations)
    {
        var version = (long)Scalar(connection, "PRAGMA user_version")!;
        if (version > migrations.Count)
        {
            throw new StorageUnusableException($"database {path} has schema {version}, and this pdsidecar knows {migrations.Count}: use the newer version that wrote it");
        }

        for (; version < migrations.Count; version++)
        {
            using var transaction = connection.BeginTransaction();
            using var command = Command(connection, transaction, $"{migrations[(int)version]}; PRAGMA user_version={version + 1};");
            command.ExecuteNonQuery();
            transaction.Commit();
        }
    }
}
