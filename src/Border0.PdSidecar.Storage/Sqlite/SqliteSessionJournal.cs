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
/// <remarks>
/// A change that ends thousands of sessions is written as it is first, in one piece, so that its events wait for no more than that; rows and
/// indexes are made of it once it is quiet. Until then such groups are what counts, on top of the tables, also for a process that starts.
/// </remarks>
public sealed partial class SqliteSessionJournal : ISessionJournal, IAsyncDisposable
{
    private const int LargestGroup = 4096;

    /// <summary>Up to here a group is brought into the tables at once.</summary>
    private const int SmallGroup = 16;

    /// <summary>So many entries are brought into the tables in one transaction: an event that comes meanwhile waits for it.</summary>
    private const int Slice = 512;

    /// <summary>When more than this wait to be brought into the tables, it is done although it is not quiet.</summary>
    private const int MostInGroups = 16_384;

    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenDrops = TimeSpan.FromMinutes(10);

    private readonly Channel<(JournalEntry? Entry, Action<JournalEntry, bool>? Settled)> _queue =
        Channel.CreateUnbounded<(JournalEntry?, Action<JournalEntry, bool>?)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly SessionTables _tables;
    private readonly Checkpoints _checkpoints;
    private readonly JournalBacklog _backlog;
    private readonly TimeProvider _time;
    private readonly int _smallGroup;
    private readonly int _slice;
    private readonly ILogger _logger;
    private readonly Task _writing;
    private readonly Queue<JournalEntry> _inGroups;
    private JournalState? _state;
    private Task<bool>? _more;
    private volatile string? _trouble;
    private volatile int _unwritten;
    private long _triedAt;
    private bool _isSettlingIn;
    private long? _stuckAt;
    private DateTimeOffset _droppedAt = DateTimeOffset.MinValue;

    internal SqliteSessionJournal(SqliteConnection connection, TimeProvider time, ILogger<SqliteSessionJournal> logger, int smallGroup = SmallGroup, int slice = Slice)
    {
        (_smallGroup, _slice) = (smallGroup, slice);
        (_time, _logger) = (time, logger);
        _tables = new SessionTables(connection);
        _checkpoints = new Checkpoints(connection);
        _backlog = new JournalBacklog(MayBeStored, time);
        (_state, var inGroups) = _tables.Load();
        _inGroups = new Queue<JournalEntry>(inGroups);
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

            _unwritten = _backlog.Span.Length;
            foreach (var (entry, settled) in group)
            {
                // Without an entry it is a flush, which looks at neither.
                settled?.Invoke(entry!, IsHealthy);
            }

            GroupSettled?.Invoke();
            _isSettlingIn = _inGroups.Count > 0 && (group.Count == 0 || _inGroups.Count > MostInGroups);
            group.Clear();
            if (_isSettlingIn && !IsStuck)
            {
                SettleIn();
            }
        }

        TryWrite();
        if (_backlog.Span.Length > 0)
        {
            JournalLost(_backlog.Span.Length);
        }

        for (_stuckAt = null; _inGroups.Count > 0 && _stuckAt is null;)
        {
            // Where it cannot be done, the next start has the groups.
            SettleIn();
        }
    }

    private bool IsStuck => _stuckAt is { } at && _time.GetElapsedTime(at) < RetryAfter;

    /// <summary>Waits for entries, or for the next thing to be done without any; false when there will be no more.</summary>
    private async ValueTask<bool> MoreAsync()
    {
        // One wait for all tries: a channel with one reader ends a wait when another begins.
        _more ??= _queue.Reader.WaitToReadAsync().AsTask();
        TimeSpan? wait = !IsHealthy ? RetryAfter - _time.GetElapsedTime(_triedAt)
            : _inGroups.Count == 0 ? null
            : _stuckAt is { } at ? RetryAfter - _time.GetElapsedTime(at)
            : _isSettlingIn ? TimeSpan.Zero : Quiet;
        if (wait is { } until && !_more.IsCompleted)
        {
            if (until > TimeSpan.Zero)
            {
                using var waiting = new CancellationTokenSource();
                await Task.WhenAny(_more, Task.Delay(until, _time, waiting.Token));
                await waiting.CancelAsync();
            }

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
        var entries = _backlog.Span;
        if (entries.Length == 0)
        {
            return;
        }

        _triedAt = _time.GetTimestamp();
        try
        {
            if (entries.Length > _smallGroup || _inGroups.Count > 0)
            {
                _tables.WriteGroup(entries);
                foreach (var entry in entries)
                {
                    _inGroups.Enqueue(entry);
                }
            }
            else
            {
                WriteTables(entries, dropGroups: false);
            }
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

        _backlog.Clear();
        _unwritten = 0;
        if (!IsHealthy)
        {
            JournalWritableAgain();
        }

        _trouble = null;
        _checkpoints.Committed();
    }

    /// <summary>Brings the oldest entries of groups into the tables.</summary>
    private void SettleIn()
    {
        var entries = _inGroups.Take(Math.Max(_slice, _inGroups.Count - MostInGroups)).ToArray();
        try
        {
            WriteTables(entries, dropGroups: entries.Length == _inGroups.Count);
        }
        catch (SqliteException)
        {
            // They are durable as they are. A disk that takes nothing at all shows with the next group.
            _stuckAt = _time.GetTimestamp();
            return;
        }

        _stuckAt = null;
        foreach (var _ in entries)
        {
            _inGroups.Dequeue();
        }

        if (_inGroups.Count == 0)
        {
            _inGroups.TrimExcess();
        }

        _checkpoints.Committed();
    }

    private void WriteTables(ReadOnlySpan<JournalEntry> entries, bool dropGroups)
    {
        var now = _time.GetUtcNow();
        var drops = (now - _droppedAt).Duration() >= BetweenDrops;
        _tables.Write(entries, drops ? now : null, dropGroups);
        _droppedAt = drops ? now : _droppedAt;
    }

    private bool MayBeStored(string organizationId, string sessionKey)
    {
        try
        {
            return _inGroups.Count > 0 || _tables.HasSession(organizationId, sessionKey);
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
