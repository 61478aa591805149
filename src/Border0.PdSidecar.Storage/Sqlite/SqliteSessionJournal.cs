using System.Threading.Channels;
using Border0.PdSidecar.Engine.Sessions;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>
/// Open sessions and events in a SQLite file of their own, written behind: whatever has been appended while the last group was being
/// written is the next group. What was acknowledged as durable survives the end of the process, though not a power cut. While the disk
/// does not take it, it is kept and tried again every second.
/// </summary>
public sealed partial class SqliteSessionJournal : ISessionJournal, IAsyncDisposable
{
    private const int LargestGroup = 4096;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenDrops = TimeSpan.FromMinutes(10);

    private readonly Channel<(JournalEntry? Entry, Action<JournalEntry, bool>? Settled)> _queue =
        Channel.CreateUnbounded<(JournalEntry?, Action<JournalEntry, bool>?)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly SessionTables _tables;
    private readonly Checkpoints _checkpoints;
    private readonly JournalBacklog _backlog;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Task _writing;
    private JournalState? _state;
    private Task<bool>? _more;
    private volatile string? _trouble;
    private volatile int _unwritten;
    private long _triedAt;
    private DateTimeOffset _droppedAt = DateTimeOffset.MinValue;

    internal SqliteSessionJournal(SqliteConnection connection, TimeProvider time, ILogger<SqliteSessionJournal> logger)
    {
        (_time, _logger) = (time, logger);
        _tables = new SessionTables(connection);
        _checkpoints = new Checkpoints(connection);
        _backlog = new JournalBacklog(MayBeStored, time);
        _state = _tables.Load();
        _writing = Task.Run(WriteAsync);
    }

    /// <inheritdoc/>
    public event Action? GroupSettled;

    /// <summary>Whether all that could be written is written: false from the first failure on until the disk takes everything again.</summary>
    public bool IsHealthy => _trouble is null;

    /// <summary>Why the last try to write failed; null when it did not.</summary>
    public string? Trouble => _trouble;

    /// <summary>Entries that wait for the disk.</summary>
    public int Unwritten => _unwritten;

    /// <summary>Opens or creates the file.</summary>
    /// <exception cref="StorageUnusableException">The file cannot be used.</exception>
    public static SqliteSessionJournal Open(string path, TimeProvider time, ILogger<SqliteSessionJournal> logger) => new(Connect(path), time, logger);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">It was loaded before: what was read at the start is not kept.</exception>
    public Task<JournalState> LoadAsync(CancellationToken cancellation) => Interlocked.Exchange(ref _state, null) is { } state
        ? Task.FromResult(state)
        : Task.FromException<JournalState>(new InvalidOperationException("the journal is loaded once"));

    /// <inheritdoc/>
    public void Append(JournalEntry entry, Action<JournalEntry, bool>? settled = null)
    {
        if (!_queue.Writer.TryWrite((entry, settled)))
        {
            // The sidecar is stopping: what is decided now is worth delivering all the same.
            settled?.Invoke(entry, false);
            GroupSettled?.Invoke();
        }
    }

    /// <inheritdoc/>
    public Task FlushAsync(CancellationToken cancellation)
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.Writer.TryWrite((null, (_, _) => flushed.SetResult())) ? flushed.Task.WaitAsync(cancellation) : _writing.WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing;
        await _checkpoints.DisposeAsync();
        _tables.Dispose();
    }

    internal static SqliteConnection Connect(string path) => SqliteFile.Open(path, SessionTables.Migrations, "NORMAL");

    private async Task WriteAsync()
    {
        var group = new List<(JournalEntry? Entry, Action<JournalEntry, bool>? Settled)>();
        while (await MoreAsync())
        {
            while (group.Count < LargestGroup && _queue.Reader.TryRead(out var next))
            {
                group.Add(next);
                if (next.Entry is not null)
                {
                    _backlog.Add(next.Entry);
                }
            }

            if (IsHealthy || _time.GetElapsedTime(_triedAt) >= RetryAfter)
            {
                TryWrite();
            }

            _unwritten = _backlog.Entries.Count;
            foreach (var (entry, settled) in group)
            {
                // Without an entry it is a flush, which looks at neither.
                settled?.Invoke(entry!, IsHealthy);
            }

            GroupSettled?.Invoke();
            group.Clear();
        }

        TryWrite();
        if (_backlog.Entries.Count > 0)
        {
            JournalLost(_backlog.Entries.Count);
        }
    }

    /// <summary>Waits for entries, or for the next try; false when there will be no more.</summary>
    private async ValueTask<bool> MoreAsync()
    {
        // One wait for all tries: a channel with one reader ends a wait when another begins.
        _more ??= _queue.Reader.WaitToReadAsync().AsTask();
        if (!IsHealthy && !_more.IsCompleted)
        {
            var wait = RetryAfter - _time.GetElapsedTime(_triedAt);
            using var waiting = new CancellationTokenSource();
            await Task.WhenAny(_more, Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, _time, waiting.Token));
            await waiting.CancelAsync();
            if (!_more.IsCompleted)
            {
                return true;
            }
        }

        var more = await _more;
        _more = null;
        return more;
    }

    private void TryWrite()
    {
        if (_backlog.Entries.Count == 0)
        {
            return;
        }

        _triedAt = _time.GetTimestamp();
        var now = _time.GetUtcNow();
        var drops = (now - _droppedAt).Duration() >= BetweenDrops;
        try
        {
            _tables.Write(_backlog.Entries, drops ? now : null);
        }
        catch (SqliteException e)
        {
            if (IsHealthy)
            {
                JournalNotWritable(e);
            }

            _trouble = e.Message;
            return;
        }

        _droppedAt = drops ? now : _droppedAt;
        _backlog.Clear();
        _unwritten = 0;
        if (!IsHealthy)
        {
            JournalWritableAgain();
        }

        _trouble = null;
        _checkpoints.Committed();
    }

    private bool MayBeStored(string organizationId, string sessionKey)
    {
        try
        {
            return _tables.HasSession(organizationId, sessionKey);
        }
        catch (SqliteException)
        {
            return true;
        }
    }

    [LoggerMessage(LogLevel.Error, "Sessions and events cannot be recorded; they are delivered all the same, but a restart would not know them", EventName = "JournalNotWritable")]
    private partial void JournalNotWritable(Exception e);

    [LoggerMessage(LogLevel.Information, "Sessions and events are recorded again, with all that could not be recorded meanwhile", EventName = "JournalWritableAgain")]
    private partial void JournalWritableAgain();

    [LoggerMessage(LogLevel.Error, "The sidecar stops with {Entries} changes of sessions and events unrecorded: the disk does not take them", EventName = "JournalLost")]
    private partial void JournalLost(int entries);
}
