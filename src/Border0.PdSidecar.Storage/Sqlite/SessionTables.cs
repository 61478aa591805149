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
        INSERT INTO epoch VALUES (randomblob(16));
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
        """
        CREATE TABLE groups (id INTEGER PRIMARY KEY, entries BLOB NOT NULL) STRICT;
        """,
    ];

    /// <summary>How many entries stand in one row of groups at most: it is read in one piece.</summary>
    private const int LargestGroup = 4096;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<(string Organization, string Connector), long> _heads = [];
    private readonly PreparedStatement _putSession;
    private readonly PreparedStatement _removeSession;
    private readonly PreparedStatement _putFinalKey;
    private readonly PreparedStatement _dropFinalKeys;
    private readonly PreparedStatement _appendEvent;
    private readonly PreparedStatement _putHead;
    private readonly PreparedStatement _trimEvents;
    private readonly PreparedStatement _findSession;
    private readonly PreparedStatement _putGroup;
    private readonly PreparedStatement _dropGroups;
    private readonly JournalGroup _group = new();
    private byte[] _message = new byte[1024];

    public SessionTables(SqliteConnection connection)
    {
        _connection = connection;
        _putSession = new(connection, "INSERT OR REPLACE INTO sessions (organization, key, request, opened, facts_time, policies) VALUES (?, ?, ?, ?, ?, ?)");
        _removeSession = new(connection, "DELETE FROM sessions WHERE organization = ? AND key = ?");
        _putFinalKey = new(connection, "INSERT OR REPLACE INTO final_keys (organization, key, until) VALUES (?, ?, ?)");
        _dropFinalKeys = new(connection, "DELETE FROM final_keys WHERE until <= ?");
        _appendEvent = new(connection, "INSERT OR REPLACE INTO events (organization, connector, revision, time, message) VALUES (?, ?, ?, ?, ?)");
        _putHead = new(connection, "INSERT OR REPLACE INTO heads (organization, connector, revision) VALUES (?, ?, ?)");
        _trimEvents = new(connection, "DELETE FROM events WHERE organization = ? AND connector = ? AND revision < ?");
        _findSession = new(connection, "SELECT 1 FROM sessions WHERE organization = ? AND key = ?");
        _putGroup = new(connection, "INSERT INTO groups (entries) VALUES (?)");
        _dropGroups = new(connection, "DELETE FROM groups");
    }

    /// <summary>Writes entries in one transaction: all of them, or none. Does not wait for other processes.</summary>
    /// <param name="entries">What happened, in order.</param>
    /// <param name="dropFinalKeys">Forget the final keys that may be used again at this instant; null to leave them.</param>
    /// <param name="dropGroups">Whether nothing that stands in groups is missing in the tables then.</param>
    /// <exception cref="SqliteException">They could not be written.</exception>
    public void Write(ReadOnlySpan<JournalEntry> entries, DateTimeOffset? dropFinalKeys, bool dropGroups)
    {
        Begin();
        try
        {
            foreach (var entry in entries)
            {
                Write(entry);
            }

            // Where each log stands is worth one row for all of its events.
            foreach (var ((organization, connector), revision) in _heads)
            {
                _putHead.With(organization).With(connector).With(revision).Run();
            }

            if (dropFinalKeys is { } now)
            {
                _dropFinalKeys.With(now.UtcTicks).Run();
            }

            if (dropGroups)
            {
                _dropGroups.Run();
            }

            Execute("COMMIT");
        }
        catch
        {
            RollBack();
            throw;
        }
        finally
        {
            _heads.Clear();
        }
    }

    /// <summary>
    /// Writes entries as they are, in one transaction: a fraction of what it takes to bring them into the tables, which is then to be
    /// done. Does not wait for other processes.
    /// </summary>
    /// <exception cref="SqliteException">They could not be written.</exception>
    public void WriteGroup(ReadOnlySpan<JournalEntry> entries)
    {
        Begin();
        try
        {
            for (; entries.Length > 0; entries = entries[Math.Min(LargestGroup, entries.Length)..])
            {
                _putGroup.With(_group.Write(entries[..Math.Min(LargestGroup, entries.Length)])).Run();
            }

            Execute("COMMIT");
        }
        catch
        {
            RollBack();
            throw;
        }
    }

    /// <summary>Whether a session is in the file.</summary>
    public bool HasSession(string organizationId, string sessionKey) => _findSession.With(organizationId).With(sessionKey).Run();

    /// <summary>Reads everything.</summary>
    /// <returns>What it comes to, and the entries of groups that are not in the tables yet.</returns>
    public (JournalState State, List<JournalEntry> InGroups) Load()
    {
        try
        {
            var inGroups = Rows("SELECT entries FROM groups ORDER BY id", r => JournalGroupReader.Read(r.GetFieldValue<byte[]>(0))).SelectMany(g => g).ToList();
            var tables = new JournalState
            {
                Epoch = Rows("SELECT id FROM epoch", r => new Guid(r.GetFieldValue<byte[]>(0))).Single(),
                Sessions = Rows("SELECT request, opened, facts_time, policies FROM sessions", r => new JournalSession(
                    EvaluateRequest.Parser.ParseFrom(r.GetFieldValue<byte[]>(0)),
                    Instant(r.GetInt64(1)),
                    r.IsDBNull(2) ? null : Instant(r.GetInt64(2)),
                    r.GetString(3).Split(' ', StringSplitOptions.RemoveEmptyEntries))),
                Events = Rows("SELECT organization, connector, revision, time, message FROM events ORDER BY organization, connector, revision", r =>
                    new JournalEntry.EventAppended(
                        r.GetString(0), r.GetString(1), r.GetInt64(2), Instant(r.GetInt64(3)), WatchMessage.Parse(r.GetFieldValue<byte[]>(4)))),
                Heads = Rows("SELECT organization, connector, revision FROM heads", r => ((r.GetString(0), r.GetString(1)), r.GetInt64(2)))
                    .ToDictionary(h => h.Item1, h => h.Item2),
                FinalKeys = Rows("SELECT organization, key, until FROM final_keys", r => (r.GetString(0), r.GetString(1), Instant(r.GetInt64(2)))),
            };
            return (JournalReplay.Over(tables, inGroups), inGroups);
        }
        catch (Exception e) when (e is SqliteException or InvalidProtocolBufferException or ArgumentException or InvalidOperationException or InvalidCastException or FormatException)
        {
            throw SqliteFile.Unusable(_connection.DataSource, e);
        }
    }

    public void Dispose()
    {
        foreach (var statement in (ReadOnlySpan<PreparedStatement>)[_putSession, _removeSession, _putFinalKey, _dropFinalKeys, _appendEvent, _putHead, _trimEvents, _findSession, _putGroup, _dropGroups])
        {
            statement.Dispose();
        }

        _connection.Dispose();
    }

    private static DateTimeOffset Instant(long ticks) => new(ticks, TimeSpan.Zero);

    private void Write(JournalEntry entry)
    {
        switch (entry)
        {
            case JournalEntry.SessionPut { Session: { Request: var request } session }:
                _putSession.With(request.OrganizationId).With(request.SessionKey).With(request)
                    .With(session.Opened.UtcTicks).With(session.FactsTime?.UtcTicks).With(string.Join(' ', session.PolicyNames)).Run();
                break;
            case JournalEntry.SessionRemoved removed:
                _removeSession.With(removed.OrganizationId).With(removed.SessionKey).Run();
                if (removed.FinalUntil is { } until)
                {
                    _putFinalKey.With(removed.OrganizationId).With(removed.SessionKey).With(until.UtcTicks).Run();
                }

                break;
            case JournalEntry.EventAppended appended:
                _appendEvent.With(appended.OrganizationId).With(appended.ConnectorId).With(appended.Revision).With(appended.Time.UtcTicks).With(Bytes(appended.Message)).Run();
                _heads[(appended.OrganizationId, appended.ConnectorId)] = appended.Revision;
                if (appended.Ended is { } ended)
                {
                    Write(ended);
                }

                break;
            case JournalEntry.EventsTrimmed trimmed:
                _trimEvents.With(trimmed.OrganizationId).With(trimmed.ConnectorId).With(trimmed.OldestRevision).Run();
                break;
            default:
                throw new ArgumentException($"no such entry: {entry.GetType()}", nameof(entry));
        }
    }

    private ReadOnlySpan<byte> Bytes(WatchMessage message)
    {
        if (_message.Length < message.Size)
        {
            _message = new byte[message.Size * 2];
        }

        message.WriteTo(_message);
        return _message.AsSpan(0, message.Size);
    }

    /// <summary>Not by SqliteConnection.BeginTransaction, which waits for a lock in steps of 150 ms: revocations would wait along.</summary>
    private void Begin() => Execute("BEGIN IMMEDIATE");

    private void RollBack()
    {
        if (raw.sqlite3_get_autocommit(_connection.Handle) == 0)
        {
            _ = raw.sqlite3_exec(_connection.Handle, "ROLLBACK");
        }
    }

    private void Execute(string sql)
    {
        var code = raw.sqlite3_exec(_connection.Handle, sql);
        SqliteException.ThrowExceptionForRC(code, _connection.Handle);
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
