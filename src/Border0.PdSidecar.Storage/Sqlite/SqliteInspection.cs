using Microsoft.Data.Sqlite;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>
/// Looks whether a file is a database of this program, whole and of a schema that it knows, before anything is written to it: a file that
/// is refused stays as it was, whoever's it is.
/// </summary>
internal static class SqliteInspection
{
    private const string Schema = "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite^_%' ESCAPE '^' ORDER BY 1";

    /// <summary>Looks at a file that is there.</summary>
    /// <exception cref="StorageUnusableException">It is empty, damaged, another program's, or a newer version's.</exception>
    /// <exception cref="SqliteException">It is no database, or cannot be read.</exception>
    public static void Check(string path, IReadOnlyList<string> migrations)
    {
        if (new FileInfo(path).Length == 0)
        {
            throw new StorageUnusableException($"database {path} is empty, which this program leaves none: restore it from a backup, or move it away to start empty");
        }

        using var connection = Connect(path);
        if (SqliteFile.Scalar(connection, "PRAGMA integrity_check(1)") is not "ok" and var found)
        {
            throw new StorageUnusableException($"database {path} is damaged ({found}): restore it from a backup, or move it away to start empty");
        }

        // SQLite takes what is missing of the last page for zeros. With a log beside it, a file may end anywhere.
        if (!File.Exists(path + "-wal") && new FileInfo(path).Length % (long)SqliteFile.Scalar(connection, "PRAGMA page_size")! != 0)
        {
            throw new StorageUnusableException($"database {path} is damaged (it ends within a page): restore it from a backup, or move it away to start empty");
        }

        var version = (long)SqliteFile.Scalar(connection, "PRAGMA user_version")!;
        if (version > migrations.Count)
        {
            throw new StorageUnusableException($"database {path} has schema {version}, and this pdsidecar knows {migrations.Count}: use the newer version that wrote it");
        }

        if (version < 1 || !Read(connection).SequenceEqual(Expected(migrations, version)))
        {
            throw new StorageUnusableException($"database {path} is another program's, or is damaged (schema {version} has other tables): restore it from a backup, or move it away to start empty");
        }
    }

    /// <summary>
    /// Read only. Where no log stands beside the file nobody has it open, and it need not be locked either: nothing is created then.
    /// </summary>
    private static SqliteConnection Connect(string path)
    {
        var source = File.Exists(path + "-wal") ? path : $"file:{Uri.EscapeDataString(Path.GetFullPath(path)).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1";
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = source, Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = 10 }.ToString());
        connection.Open();
        return connection;
    }

    private static List<string> Expected(IReadOnlyList<string> migrations, long version)
    {
        using var connection = new SqliteConnection("Data Source=:memory:;Pooling=False");
        connection.Open();
        SqliteFile.Migrate(connection, [.. migrations.Take((int)version)]);
        return Read(connection);
    }

    private static List<string> Read(SqliteConnection connection)
    {
        var objects = new List<string>();
        using var command = SqliteFile.Command(connection, null, Schema);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            objects.Add(reader.GetString(0));
        }

        return objects;
    }
}
