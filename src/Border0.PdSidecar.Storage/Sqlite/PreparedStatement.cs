using Google.Protobuf;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>
/// A statement that is run ten thousand times in a row: bound by position and without a parameter object for each value, and it never
/// waits for a lock. For one thread at a time; the connection outlives it.
/// </summary>
internal sealed class PreparedStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private byte[] _scratch = new byte[1024];
    private int _bound;

    /// <exception cref="SqliteException">The text is not one statement of this schema.</exception>
    public PreparedStatement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(_database, sql, out _statement));
    }

    /// <summary>Binds the next parameter.</summary>
    public PreparedStatement With(string text) => Next(raw.sqlite3_bind_text(_statement, ++_bound, text));

    /// <summary>Binds the next parameter; null to NULL.</summary>
    public PreparedStatement With(long? number) =>
        Next(number is { } n ? raw.sqlite3_bind_int64(_statement, ++_bound, n) : raw.sqlite3_bind_null(_statement, ++_bound));

    /// <summary>Binds the next parameter to a message's bytes.</summary>
    public PreparedStatement With(IMessage message)
    {
        var size = message.CalculateSize();
        if (_scratch.Length < size)
        {
            _scratch = new byte[size * 2];
        }

        var bytes = _scratch.AsSpan(0, size);
        message.WriteTo(bytes);
        return Next(raw.sqlite3_bind_blob(_statement, ++_bound, bytes));
    }

    /// <summary>Binds the next parameter.</summary>
    public PreparedStatement With(ReadOnlySpan<byte> bytes) => Next(raw.sqlite3_bind_blob(_statement, ++_bound, bytes));

    /// <summary>Runs it with what was bound, and makes it ready to be bound again.</summary>
    /// <returns>Whether it gives a row.</returns>
    /// <exception cref="SqliteException">It failed.</exception>
    public bool Run()
    {
        _bound = 0;
        var code = raw.sqlite3_step(_statement);
        try
        {
            Check(code);
        }
        finally
        {
            // Says once more what the step said.
            _ = raw.sqlite3_reset(_statement);
        }

        return code == raw.SQLITE_ROW;
    }

    public void Dispose() => _statement.Dispose();

    private PreparedStatement Next(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            _bound = 0;
            Check(code);
        }

        return this;
    }

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, _database);
}
