using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>The tables of sessions and events, and the statements that change them. For one thread at a time.</summary>
internal sealed class SessionTables : IDisposable
{
    /// <summary>The steps from an empty file to the present schema.</summary>
    public static readonly string[] Migrations =
    [
        """
        CREATE TABLE epoch (id BLOB NOT NULL) STRICT;
        CREATE TABLE sessions (
            organization TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, opened INTEGER NOT NULL, facts_time INTEGER, policies TEXT NOT NULL,
            PRIMARY KEY (organization, key)) STRICT, WITHOUT ROWID;
        CREATE TABLE final_keys (
            organization TEXT NOT NULL, key TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (organization, key)) STRICT, WITHOUT ROWID;
        CREATE TABLE heads (
            organization TEXT NOT NULL, connector TEXT NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (organization, connector)) STRICT, WITHOUT ROWID;
        CREATE TABLE events (
            organization TEXT NOT NULL, connector TEXT NOT NULL, revision INTEGER NOT NULL, time INTEGER NOT NULL, message BLOB NOT NULL,
            PRIMARY KEY (organization, connector, revision)) STRICT, WITHOUT ROWID;
        """,
    ];

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _putSession;
    private readonly SqliteCommand _removeSession;
    private readonly SqliteCommand _putFinalKey;
    private readonly SqliteCommand _dropFinalKeys;
    private readonly SqliteCommand _appendEvent;
    private readonly SqliteCommand _trimEvents;
    private readonly SqliteCommand _findSession;

    public SessionTables(SqliteConnection connection)
    {
        _connection = connection;
        if (SqliteFile.Scalar(connection, "SELECT id FROM epoch") is null)
        {
            using var command = SqliteFile.Command(connection, null, "INSERT INTO epoch VALUES ($id)", ("$id", Guid.NewGuid().ToByteArray()));
            command.ExecuteNonQuery();
        }

        _putSession = Prepare(
            "INSERT OR REPLACE INTO sessions (organization, key, request, opened, facts_time, policies) VALUES ($1, $2, $3, $4, $5, $6)", 6);
        _removeSession = Prepare("DELETE FROM sessions WHERE organization = $1 AND key = $2", 2);
        _putFinalKey = Prepare("INSERT OR REPLACE INTO final_keys (organization, key, until) VALUES ($1, $2, $3)", 3);
        _dropFinalKeys = Prepare("DELETE FROM final_keys WHERE until <= $1", 1);
        _appendEvent = Prepare(
            "INSERT OR REPLACE INTO events (organization, connector, revision, time, message) VALUES ($1, $2, $3, $4, $5); "
            + "INSERT OR REPLACE INTO heads (organization, connector, revision) VALUES ($1, $2, $3)",
            5);
        _trimEvents = Prepare("DELETE FROM events WHERE organization = $1 AND connector = $2 AND revision < $3", 3);
        _findSession = Prepare("SELECT 1 FROM sessions WHERE organization = $1 AND key = $2", 2);
    }

    /// <summary>Writes entries in one transaction: all of them, or none. Does not wait for other processes.</summary>
    /// <param name="entries">What happened, in order.</param>
    /// <param name="dropFinalKeys">Forget the final keys that may be used again at this instant; null to leave them.</param>
    /// <exception cref="SqliteException">They could not be written.</exception>
    public void Write(IEnumerable<JournalEntry> entries, DateTimeOffset? dropFinalKeys)
    {
        // Not by SqliteConnection.BeginTransaction, which waits for a lock in steps of 150 ms: revocations would wait along.
        Execute("BEGIN IMMEDIATE");
        try
        {
            foreach (var entry in entries)
            {
                Write(entry);
            }

            if (dropFinalKeys is { } now)
            {
                Run(_dropFinalKeys, now.UtcTicks);
            }

            Execute("COMMIT");
        }
        catch
        {
            if (raw.sqlite3_get_autocommit(_connection.Handle) == 0)
            {
                _ = raw.sqlite3_exec(_connection.Handle, "ROLLBACK");
            }

            throw;
        }
    }

    /// <summary>Whether a session is in the file.</summary>
    public bool HasSession(string organizationId, string sessionKey)
    {
        Set(_findSession, organizationId, sessionKey);
        return _findSession.ExecuteScalar() is not null;
    }

    /// <summary>Reads everything.</summary>
    public JournalState Load()
    {
        try
        {
            return new JournalState
            {
                Epoch = new Guid((byte[])SqliteFile.Scalar(_connection, "SELECT id FROM epoch")!),
                Sessions = Rows("SELECT request, opened, facts_time, policies FROM sessions", r => new JournalSession(
                    EvaluateRequest.Parser.ParseFrom(r.GetFieldValue<byte[]>(0)),
                    Instant(r.GetInt64(1)),
                    r.IsDBNull(2) ? null : Instant(r.GetInt64(2)),
                    r.GetString(3).Split(' ', StringSplitOptions.RemoveEmptyEntries))),
                Events = Rows("SELECT organization, connector, revision, time, message FROM events ORDER BY organization, connector, revision", r =>
                    new JournalEntry.EventAppended(
                        r.GetString(0), r.GetString(1), r.GetInt64(2), Instant(r.GetInt64(3)), WatchSessionsResponse.Parser.ParseFrom(r.GetFieldValue<byte[]>(4)))),
                Heads = Rows("SELECT organization, connector, revision FROM heads", r => ((r.GetString(0), r.GetString(1)), r.GetInt64(2)))
                    .ToDictionary(h => h.Item1, h => h.Item2),
                FinalKeys = Rows("SELECT organization, key, until FROM final_keys", r => (r.GetString(0), r.GetString(1), Instant(r.GetInt64(2)))),
            };
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new StorageUnusableException($"database {_connection.DataSource} is damaged: restore it, or move it away to start without sessions", e);
        }
    }

    public void Dispose()
    {
        foreach (var command in (ReadOnlySpan<SqliteCommand>)[_putSession, _removeSession, _putFinalKey, _dropFinalKeys, _appendEvent, _trimEvents, _findSession])
        {
            command.Dispose();
        }

        _connection.Dispose();
    }

    private static DateTimeOffset Instant(long ticks) => new(ticks, TimeSpan.Zero);

    private static void Set(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }
    }

    private static void Run(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        Set(command, values);
        command.ExecuteNonQuery();
    }

    private void Write(JournalEntry entry)
    {
        switch (entry)
        {
            case JournalEntry.SessionPut { Session: { Request: var request } session }:
                Run(
                    _putSession,
                    request.OrganizationId,
                    request.SessionKey,
                    request.ToByteArray(),
                    session.Opened.UtcTicks,
                    session.FactsTime?.UtcTicks,
                    string.Join(' ', session.PolicyNames));
                break;
            case JournalEntry.SessionRemoved removed:
                Run(_removeSession, removed.OrganizationId, removed.SessionKey);
                if (removed.FinalUntil is { } until)
                {
                    Run(_putFinalKey, removed.OrganizationId, removed.SessionKey, until.UtcTicks);
                }

                break;
            case JournalEntry.EventAppended appended:
                Run(
                    _appendEvent,
                    appended.OrganizationId,
                    appended.ConnectorId,
                    appended.Revision,
                    appended.Time.UtcTicks,
                    appended.Message.ToByteArray());
                if (appended.Ended is { } ended)
                {
                    Write(ended);
                }

                break;
            case JournalEntry.EventsTrimmed trimmed:
                Run(_trimEvents, trimmed.OrganizationId, trimmed.ConnectorId, trimmed.OldestRevision);
                break;
            default:
                throw new ArgumentException($"no such entry: {entry.GetType()}", nameof(entry));
        }
    }

    private void Execute(string sql)
    {
        var code = raw.sqlite3_exec(_connection.Handle, sql);
        SqliteException.ThrowExceptionForRC(code, _connection.Handle);
    }

    private SqliteCommand Prepare(string sql, int parameters)
    {
        var command = SqliteFile.Command(_connection, null, sql);
        for (var i = 1; i <= parameters; i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        }

        return command;
    }

    private List<T> Rows<T>(string sql, Func<SqliteDataReader, T> row)
    {
        var rows = new List<T>();
        using var command = SqliteFile.Command(_connection, null, sql);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            rows.Add(row(reader));
        }

        return rows;
    }
}
