using System.Collections.Concurrent;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Storage.Tests.Sessions;

/// <summary>What can be wrong with a disk.</summary>
public enum Trouble
{
    /// <summary>The file cannot grow.</summary>
    Full,

    /// <summary>The file cannot be changed.</summary>
    ReadOnly,

    /// <summary>Another process holds the lock.</summary>
    Locked,
}

/// <summary>A journal in a folder, under a clock that stands still until it is moved, with a hand on the disk below it.</summary>
internal sealed class DiskJournal : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<(int Entry, bool Durable)> _settled = new();
    private SqliteConnection _connection;
    private SqliteConnection? _intruder;
    private readonly (int SmallGroup, int Slice) _sizes;
    private int _appended;

    public DiskJournal()
        : this((16, 512))
    {
    }

    /// <summary>One whose groups are brought into the tables in other pieces than usual.</summary>
    public DiskJournal((int SmallGroup, int Slice) sizes)
    {
        _sizes = sizes;
        (_connection, Journal) = Open();
    }

    public FakeTimeProvider Time { get; } = new(Entries.Start);

    public SqliteSessionJournal Journal { get; private set; }

    public RecordingLogger Log { get; } = new();

    /// <summary>The entries that were settled, numbered as they were appended, in the order of their callbacks.</summary>
    public IReadOnlyList<(int Entry, bool Durable)> Settled => [.. _settled];

    public string File => _folder.Path("sessions.db");

    public void Append(params ReadOnlySpan<JournalEntry> entries)
    {
        foreach (var entry in entries)
        {
            var number = _appended++;
            Journal.Append(entry, (_, durable) => _settled.Enqueue((number, durable)));
        }
    }

    /// <summary>Appends, and says whether the last of it became durable.</summary>
    public async Task<bool> WriteAsync(params JournalEntry[] entries)
    {
        Append(entries);
        await Journal.FlushAsync(default);
        return _settled.Last().Durable;
    }

    /// <summary>Begins when nothing is being written.</summary>
    public void Begin(Trouble trouble)
    {
        switch (trouble)
        {
            case Trouble.Full:
                // No lower than what is there already: what was deleted before leaves room.
                Execute(_connection, "PRAGMA max_page_count=1");
                break;
            case Trouble.ReadOnly:
                Execute(_connection, "PRAGMA query_only=ON");
                break;
            default:
                _intruder = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = File, Pooling = false }.ToString());
                _intruder.Open();
                Execute(_intruder, "BEGIN IMMEDIATE");
                break;
        }
    }

    /// <summary>The trouble ends; the journal does not know of it yet.</summary>
    public void EndTrouble()
    {
        Execute(_connection, "PRAGMA max_page_count=1000000; PRAGMA query_only=OFF");
        _intruder?.Dispose();
        _intruder = null;
    }

    /// <summary>What a process would find that starts now, this one having been killed.</summary>
    public async Task<JournalState> OnDiskAsync()
    {
        await Journal.FlushAsync(default);
        return await OnDiskNowAsync();
    }

    /// <summary>What a process would find that starts now, this one having been killed with whatever it was about to write.</summary>
    public async Task<JournalState> OnDiskNowAsync()
    {
        using var copies = new TemporaryFolder();
        foreach (var file in _folder.Files.Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)))
        {
            System.IO.File.Copy(file, copies.Path(Path.GetFileName(file)));
        }

        await using var killed = SqliteSessionJournal.Open(copies.Path("sessions.db"), Time, new RecordingLogger());
        return await killed.LoadAsync(default);
    }

    /// <summary>Stops and starts again, and returns what is read then.</summary>
    public async Task<JournalState> ReopenAsync()
    {
        await Journal.DisposeAsync();
        (_connection, Journal) = Open();
        return await Journal.LoadAsync(default);
    }

    /// <summary>Is killed and starts again, and returns what is read then.</summary>
    public async Task<JournalState> KillAsync()
    {
        await Journal.FlushAsync(default);
        var left = _folder.Files.Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)).ToDictionary(f => f, System.IO.File.ReadAllBytes);
        await Journal.DisposeAsync();
        EndTroubleOfOthers();
        foreach (var file in _folder.Files.ToList())
        {
            System.IO.File.Delete(file);
        }

        foreach (var (file, bytes) in left)
        {
            System.IO.File.WriteAllBytes(file, bytes);
        }

        (_connection, Journal) = Open();
        return await Journal.LoadAsync(default);
    }

    public async ValueTask DisposeAsync()
    {
        EndTroubleOfOthers();
        await Journal.DisposeAsync();
        _folder.Dispose();
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every caller's SQL is a literal above.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private void EndTroubleOfOthers()
    {
        _intruder?.Dispose();
        _intruder = null;
    }

    private (SqliteConnection, SqliteSessionJournal) Open()
    {
        var connection = SqliteSessionJournal.Connect(File);
        return (connection, new SqliteSessionJournal(connection, Time, Log, _sizes.SmallGroup, _sizes.Slice));
    }
}

/// <summary>Keeps what is logged.</summary>
internal sealed class RecordingLogger : ILogger<SqliteSessionJournal>
{
    private readonly ConcurrentQueue<string> _events = new();

    /// <summary>The names of the events, in order.</summary>
    public IReadOnlyList<string> Events => [.. _events];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _events.Enqueue(eventId.Name!);
}
