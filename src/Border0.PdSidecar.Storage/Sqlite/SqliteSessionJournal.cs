using System.Threading.Channels;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>
/// Open sessions and events in a SQLite file of their own, written behind: whatever has been appended while the last group was being
/// written is the next group. What was acknowledged as durable survives the end of the process, though not a power cut.
/// </summary>
public sealed partial class SqliteSessionJournal : ISessionJournal, IAsyncDisposable
{
    private const int LargestGroup = 4096;

    private static readonly string[] Migrations =
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

    private readonly Channel<(JournalEntry? Entry, Action? Durable)> _queue =
        Channel.CreateUnbounded<(JournalEntry?, Action?)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly SqliteConnection _connection;
    private readonly ILogger _logger;
    private readonly Task _writing;
    private volatile bool _healthy = true;

    private SqliteSessionJournal(SqliteConnection connection, ILogger logger)
    {
        (_connection, _logger) = (connection, logger);
        if (SqliteFile.Scalar(connection, "SELECT id FROM epoch") is null)
        {
            using var command = SqliteFile.Command(connection, null, "INSERT INTO epoch VALUES ($id)", ("$id", Guid.NewGuid().ToByteArray()));
            command.ExecuteNonQuery();
        }

        State = Load();
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Whether the last group could be written.</summary>
    public bool IsHealthy => _healthy;

    private JournalState State { get; set; }

    /// <summary>Opens or creates the file.</summary>
    /// <exception cref="StorageUnusableException">The file cannot be used.</exception>
    public static SqliteSessionJournal Open(string path, ILogger<SqliteSessionJournal> logger)
    {
        var connection = SqliteFile.Open(path, Migrations, "NORMAL");
        return new SqliteSessionJournal(connection, logger);
    }

    /// <inheritdoc/>
    public Task<JournalState> LoadAsync(CancellationToken cancellation) => Task.FromResult(State);

    /// <inheritdoc/>
    public void Append(JournalEntry entry, Action? durable = null)
    {
        if (!_queue.Writer.TryWrite((entry, durable)))
        {
            // The sidecar is stopping: what is decided now is worth delivering all the same.
            durable?.Invoke();
        }
    }

    /// <inheritdoc/>
    public Task FlushAsync(CancellationToken cancellation)
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.Writer.TryWrite((null, flushed.SetResult)) ? flushed.Task.WaitAsync(cancellation) : _writing.WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing;
        await _connection.DisposeAsync();
    }

    private async Task WriteAsync()
    {
        var group = new List<(JournalEntry? Entry, Action? Durable)>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (group.Count < LargestGroup && _queue.Reader.TryRead(out var next))
            {
                group.Add(next);
            }

            Write(group);
            foreach (var (_, durable) in group)
            {
                durable?.Invoke();
            }

            group.Clear();
        }
    }

    private void Write(List<(JournalEntry? Entry, Action? Durable)> group)
    {
        try
        {
            using var transaction = _connection.BeginTransaction();
            foreach (var (entry, _) in group)
            {
                if (entry is not null)
                {
                    Write(transaction, entry);
                }
            }

            transaction.Commit();
            if (!_healthy)
            {
                JournalWritableAgain();
            }

            _healthy = true;
        }
        catch (SqliteException e)
        {
            if (_healthy)
            {
                JournalNotWritable(e);
            }

            _healthy = false;
        }
    }

    private void Write(SqliteTransaction transaction, JournalEntry entry)
    {
        using var command = entry switch
        {
            JournalEntry.SessionPut put => SqliteFile.Command(
                _connection,
                transaction,
                "INSERT OR REPLACE INTO sessions (organization, key, request, opened, facts_time, policies) VALUES ($o, $k, $r, $t, $f, $p)",
                ("$o", put.Session.Request.OrganizationId),
                ("$k", put.Session.Request.SessionKey),
                ("$r", put.Session.Request.ToByteArray()),
                ("$t", put.Session.Opened.UtcTicks),
                ("$f", put.Session.FactsTime?.UtcTicks),
                ("$p", string.Join(' ', put.Session.PolicyNames))),
            JournalEntry.SessionRemoved removed => SqliteFile.Command(
                _connection,
                transaction,
                removed.FinalUntil is null
                    ? "DELETE FROM sessions WHERE organization = $o AND key = $k"
                    : "DELETE FROM sessions WHERE organization = $o AND key = $k; INSERT OR REPLACE INTO final_keys (organization, key, until) VALUES ($o, $k, $u)",
                ("$o", removed.OrganizationId),
                ("$k", removed.SessionKey),
                ("$u", removed.FinalUntil?.UtcTicks)),
            JournalEntry.EventAppended appended => SqliteFile.Command(
                _connection,
                transaction,
                "INSERT OR REPLACE INTO events (organization, connector, revision, time, message) VALUES ($o, $c, $r, $t, $m); "
                + "INSERT OR REPLACE INTO heads (organization, connector, revision) VALUES ($o, $c, $r)",
                ("$o", appended.OrganizationId),
                ("$c", appended.ConnectorId),
                ("$r", appended.Revision),
                ("$t", appended.Time.UtcTicks),
                ("$m", appended.Message.ToByteArray())),
            JournalEntry.EventsTrimmed trimmed => SqliteFile.Command(
                _connection,
                transaction,
                "DELETE FROM events WHERE organization = $o AND connector = $c AND revision < $r",
                ("$o", trimmed.OrganizationId),
                ("$c", trimmed.ConnectorId),
                ("$r", trimmed.OldestRevision)),
            _ => throw new ArgumentException($"no such entry: {entry.GetType()}", nameof(entry)),
        };
        command.ExecuteNonQuery();
        if (entry is JournalEntry.EventAppended { Ended: { } ended })
        {
            Write(transaction, ended);
        }
    }

    private JournalState Load()
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

    private static DateTimeOffset Instant(long ticks) => new(ticks, TimeSpan.Zero);

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

    [LoggerMessage(LogLevel.Error, "Sessions and events cannot be recorded; they are delivered all the same, but a restart would not know them", EventName = "JournalNotWritable")]
    private partial void JournalNotWritable(Exception e);

    [LoggerMessage(LogLevel.Information, "Sessions and events are recorded again", EventName = "JournalWritableAgain")]
    private partial void JournalWritableAgain();
}
