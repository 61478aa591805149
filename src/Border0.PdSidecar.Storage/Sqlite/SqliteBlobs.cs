using Microsoft.Data.Sqlite;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>Named bytes in a SQLite file: each put replaces the whole of one, or nothing. Thread-safe.</summary>
public sealed class SqliteBlobs : IDisposable
{
    private static readonly string[] Migrations = ["CREATE TABLE blobs (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID"];
    private readonly Lock _lock = new();
    private readonly SqliteConnection _connection;
    private volatile string? _trouble;

    private SqliteBlobs(SqliteConnection connection) => _connection = connection;

    /// <summary>Why the last use of it failed; null when it did not.</summary>
    public string? Trouble => _trouble;

    /// <summary>Opens or creates the file.</summary>
    /// <exception cref="StorageUnusableException">The file cannot be used.</exception>
    public static SqliteBlobs Open(string path) => new(SqliteFile.Open(path, Migrations, "NORMAL"));

    /// <summary>Reads one; null when there is none of that name.</summary>
    public byte[]? Get(string name) => Run(() =>
    {
        using var command = SqliteFile.Command(_connection, null, "SELECT bytes FROM blobs WHERE name = $n", ("$n", name));
        return command.ExecuteScalar() as byte[];
    });

    /// <summary>Writes one; null removes it.</summary>
    public void Put(string name, byte[]? bytes) => Run(() =>
    {
        using var command = bytes is null
            ? SqliteFile.Command(_connection, null, "DELETE FROM blobs WHERE name = $n", ("$n", name))
            : SqliteFile.Command(_connection, null, "INSERT OR REPLACE INTO blobs (name, bytes) VALUES ($n, $b)", ("$n", name), ("$b", bytes));
        return command.ExecuteNonQuery();
    });

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private T Run<T>(Func<T> run)
    {
        lock (_lock)
        {
            try
            {
                var done = run();
                _trouble = null;
                return done;
            }
            catch (SqliteException e)
            {
                _trouble = e.Message;
                throw new StorageUnavailableException($"database {_connection.DataSource} cannot be used: {e.Message}", e);
            }
        }
    }
}
