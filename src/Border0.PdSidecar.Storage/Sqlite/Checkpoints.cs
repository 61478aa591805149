using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>
/// Copies what is committed from a file's write-ahead log into the file, on a connection of its own: the disk is flushed for it, which
/// may take long, and whoever waits for a commit does not wait for that. The writer calls it from one thread.
/// </summary>
internal sealed class Checkpoints : IAsyncDisposable
{
    private const int PagesBetween = 1_000;

    /// <summary>Where the writer does it itself: a log that grows faster than it is copied must not grow for ever. 64 MiB.</summary>
    private const int MostPages = 16_384;

    private readonly SqliteConnection _writer;
    private readonly SqliteConnection _own;
    private Task _running = Task.CompletedTask;
    private int _pages;

    public Checkpoints(SqliteConnection writer)
    {
        _writer = writer;
        _own = SqliteFile.Connect(writer.DataSource);
        raw.sqlite3_wal_autocheckpoint(writer.Handle, MostPages);
        raw.sqlite3_wal_autocheckpoint(_own.Handle, 0);
    }

    /// <summary>Something was committed.</summary>
    public void Committed()
    {
        raw.sqlite3_db_status(_writer.Handle, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var written, out _, resetFlg: 1);
        _pages += written;
        if (_pages < PagesBetween || !_running.IsCompleted)
        {
            return;
        }

        _pages = 0;

        // Not done is not lost: it stays in the log, and trouble of the disk shows in the writes.
        _running = Task.Run(() => raw.sqlite3_wal_checkpoint_v2(_own.Handle, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out _, out _));
    }

    public async ValueTask DisposeAsync()
    {
        await _running;
        await _own.DisposeAsync();
    }
}
