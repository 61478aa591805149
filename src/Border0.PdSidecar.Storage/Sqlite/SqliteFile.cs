using Microsoft.Data.Sqlite;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>Opens a SQLite file: checked, migrated, in WAL mode, for its owner only.</summary>
internal static class SqliteFile
{
    /// <summary>SQLite's code for a damaged file.</summary>
    public const int Corrupt = 11;

    private const int NotADatabase = 26;

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
            if (File.Exists(path))
            {
                SqliteInspection.Check(path, migrations);
            }
            else
            {
                Create(path, migrations);
            }

            connection = Connect(path);
            Execute(connection, $"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; PRAGMA foreign_keys=ON;");
            Migrate(connection, migrations);
            return connection;
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            connection?.Dispose();
            throw Unusable(path, e);
        }
    }

    /// <summary>What a start is refused with when a file cannot be used.</summary>
    public static StorageUnusableException Unusable(string path, Exception e) => e is SqliteException { SqliteErrorCode: not (Corrupt or NotADatabase) } or IOException or UnauthorizedAccessException
        ? new StorageUnusableException($"database {path} cannot be opened: {e.Message}", e)
        : new StorageUnusableException($"database {path} is damaged, or is no database ({e.Message}): restore it from a backup, or move it away to start empty", e);

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

    /// <summary>Brings a database to the present schema.</summary>
    public static void Migrate(SqliteConnection connection, IReadOnlyList<string> migrations)
    {
        for (var version = (long)Scalar(connection, "PRAGMA user_version")!; version < migrations.Count; version++)
        {
            using var transaction = connection.BeginTransaction();
            using var command = Command(connection, transaction, $"{migrations[(int)version]}; PRAGMA user_version={version + 1};");
            command.ExecuteNonQuery();
            transaction.Commit();
        }
    }

    /// <summary>Makes a new file under another name first: one that is there is never empty because of a start that was cut short.</summary>
    private static void Create(string path, IReadOnlyList<string> migrations)
    {
        if (new FileInfo(path + "-wal") is { Exists: true, Length: > 0 })
        {
            throw new StorageUnusableException($"database {path} is missing, and its last changes are in {path}-wal: bring it back, or move that file away to start empty");
        }

        var fresh = path + ".new";
        foreach (var left in (ReadOnlySpan<string>)[fresh, fresh + "-journal"])
        {
            File.Delete(left);
        }

        // SQLite gives its other files the mode of the first one.
        new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }).Dispose();
        using (var connection = Connect(fresh))
        {
            Migrate(connection, migrations);
        }

        File.Move(fresh, path);
    }
}
