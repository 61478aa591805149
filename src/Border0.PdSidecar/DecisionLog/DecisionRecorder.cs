using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>
/// The decision log: takes in decisions, revocations and changes, and has them written behind. Called from any thread.
/// </summary>
/// <remarks>
/// A decision's caller makes its line and puts it into a queue in memory that is used again: what the line is made of is at hand then, and
/// dies young. Where that is full, the caller waits or the record
/// is counted as missing, as configured. Revocations and changes, whose callers cannot wait, are kept beside a full queue: up to 131,072
/// of them, which is more than the sessions that a connector may hold, and what is kept are references to events that the connectors'
/// logs hold anyway; what comes after is counted as missing. A sink that takes nothing must not stop decisions for ever: records that it refuses are
/// counted as missing, and so are those that found no room once it has stood still for five seconds.
/// </remarks>
internal sealed partial class DecisionRecorder : IRevocationObserver, IConfigurationObserver, IAsyncDisposable
{
    /// <summary>How long records wait for more: what a kill -9 loses at most.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(40);

    /// <summary>How long callers wait for a writer that does not move at all.</summary>
    public static readonly TimeSpan LongestStandstill = TimeSpan.FromSeconds(5);

    private const int MostAside = 131_072;
    private const int LookEvery = 256;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    [ThreadStatic]
    private static LineBuffer? _lines;

    private readonly EntryQueue _queue;
    private readonly SideEntries _aside;
    private readonly RecordRenderer _renderer;
    private readonly RecordWriter _writer;
    private readonly WriterTurn _turn;
    private readonly DecisionLogGauges _gauges;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly bool _isOn;
    private readonly bool _deniesOnly;
    private readonly bool _dropsWhenFull;
    private volatile TaskCompletionSource _room = NewRoom();
    private volatile bool _standsStill;
    private volatile bool _ended;
    private int _waiting;

    /// <summary>Makes a log; nothing is opened before there is something to write.</summary>
    /// <param name="sinks">Where records go; none: nothing is recorded. Disposed of with this.</param>
    /// <param name="filter">Which decisions are recorded.</param>
    /// <param name="whenFull">What happens to a decision that the queue has no room for.</param>
    /// <param name="defaultOrganization">The organization of requests that name none.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told of trouble.</param>
    /// <param name="capacity">How many records may wait: a power of two.</param>
    /// <param name="mostAside">How many revocations and changes are kept beside a full queue.</param>
    public DecisionRecorder(
        IReadOnlyList<IRecordSink> sinks,
        DecisionLogFilter filter,
        DecisionLogWhenFull whenFull,
        string defaultOrganization,
        TimeProvider time,
        ILogger<DecisionRecorder> logger,
        int capacity = 4096,
        int mostAside = MostAside)
    {
        (_time, _logger) = (time, logger);
        (_isOn, _deniesOnly, _dropsWhenFull) = (sinks.Count > 0, filter == DecisionLogFilter.Denies, whenFull == DecisionLogWhenFull.DropAndCount);
        _queue = new EntryQueue(_isOn ? capacity : 1);
        _aside = new SideEntries(mostAside);
        _renderer = new RecordRenderer(defaultOrganization);
        _writer = new RecordWriter(_queue, _aside, _renderer, [.. sinks.Select(s => new Outlet(s, time, logger))], time, logger);
        _turn = new WriterTurn(() => _writer.WriteAll(Moved), Again, Delay, time);
        _gauges = new DecisionLogGauges(this);
    }

    /// <summary>Whether everything is written: false while a sink takes nothing or stands still.</summary>
    public bool IsHealthy => Trouble is null;

    /// <summary>Why records are missing at present; null when none are.</summary>
    public string? Trouble => _standsStill ? "the decision log stands still: what it is written to does not answer" : _writer.Trouble;

    /// <summary>Records that are written.</summary>
    public long Written => _writer.Written;

    /// <summary>Records that are missing and were told so in a gap record, or will be.</summary>
    public long Missing => _writer.Missing;

    /// <summary>Records that wait to be written.</summary>
    public long Waiting => _queue.Added - _queue.Taken + _aside.Count;

    /// <summary>Records a decision and gives its answer back, at once where there is room.</summary>
    /// <param name="request">The request; not to be changed any more.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="policies">The policies that it was made by.</param>
    /// <param name="call">Who asked. When it waits no longer, the record is counted as missing.</param>
    public ValueTask<EvaluationAnswer> RecordAsync(
        EvaluateRequest request, EvaluationAnswer answer, PolicySnapshot policies, in EvaluateCall call)
    {
        if (!_isOn || (_deniesOnly && answer.IsAllow))
        {
            return ValueTask.FromResult(answer);
        }

        var entry = LogEntry.Decision(_time.GetUtcNow().UtcTicks, request, answer, policies, call.TraceParent, call.Caller);
        if (TryAdd(entry, out var position))
        {
            return ValueTask.FromResult(answer);
        }

        if (!_dropsWhenFull && !_standsStill && !_ended)
        {
            return WaitAsync(entry, call.Cancellation);
        }

        Miss(position, entry.Ticks);
        return ValueTask.FromResult(answer);
    }

    /// <inheritdoc/>
    public void Revoked(in AccessRequest request, string connectorId, SessionRevoked revoked, long revision)
    {
        if (_isOn)
        {
            Keep(LogEntry.Revocation(
                _time.GetUtcNow().UtcTicks,
                new RevocationEntry(request.OrganizationId, connectorId, request.SocketType, request.ClientAddress, request.ClientCountry, revoked, revision)));
        }
    }

    /// <inheritdoc/>
    public void Changed(ConfigurationChange change)
    {
        if (_isOn)
        {
            Keep(LogEntry.Change(_time.GetUtcNow().UtcTicks, change));
        }
    }

    /// <summary>Writes all that was recorded, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        _gauges.Dispose();
        var isThrough = await _turn.EndAsync(LongestStandstill);
        await _turn.DisposeAsync();
        if (!isThrough)
        {
            NotDrained(Waiting);
            return;
        }

        // Callers that waited for room have it now.
        for (var i = 0; i < 100 && (Volatile.Read(ref _waiting) > 0 || Waiting > 0 || _aside.Any); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            _writer.WriteAll(Moved);
        }

        _writer.Dispose();
    }

    private static TaskCompletionSource NewRoom() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool TryAdd(in LogEntry entry, out long position)
    {
        var line = Line(entry);
        if (!_queue.TryAdd(line.IsEmpty ? entry : LogEntry.Told(entry.Ticks), line, out position))
        {
            return false;
        }

        // Half full before the delay is over: a look once in a while is enough to see it.
        if (position % LookEvery == 0 && position - _queue.Taken > _queue.Capacity / 2)
        {
            _turn.AskNow();
        }
        else
        {
            _turn.Ask();
        }

        return true;
    }

    /// <summary>
    /// The line of a decision. None of what does not happen all the time or cannot be told: whoever writes makes it, or says what is wrong.
    /// </summary>
    private ReadOnlySpan<byte> Line(in LogEntry entry)
    {
        if (entry.Answer is null)
        {
            return default;
        }

        var lines = _lines ??= new LineBuffer(2048);
        lines.Clear();
        try
        {
            _renderer.Render(entry, lines);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return default;
        }

        return lines.Written;
    }

    private void Keep(in LogEntry entry)
    {
        if (!TryAdd(entry, out var position))
        {
            _aside.Add(position, entry);
            _turn.AskNow();
        }
    }

    private void Miss(long position, long ticks)
    {
        _aside.AddMissing(position, ticks);
        _turn.AskNow();
    }

    private async ValueTask<EvaluationAnswer> WaitAsync(LogEntry entry, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _waiting);
        var position = 0L;
        try
        {
            while (!_standsStill)
            {
                // Before the attempt: room that is made after it is told to whoever waits for this one.
                var room = _room;
                if (TryAdd(entry, out position))
                {
                    return entry.Answer!;
                }

                _turn.AskNow();
                await room.Task.WaitAsync(LongestStandstill, _time, cancellation);
            }
        }
        catch (TimeoutException)
        {
            if (!_standsStill)
            {
                _standsStill = true;
                StandsStill(LongestStandstill);
            }
        }
        catch (OperationCanceledException)
        {
            Miss(position, entry.Ticks);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        Miss(position, entry.Ticks);
        return entry.Answer!;
    }

    private void Moved()
    {
        _standsStill = false;
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _waiting) > 0)
        {
            Interlocked.Exchange(ref _room, NewRoom()).TrySetResult();
        }
    }

    private TimeSpan? Again() =>
        _writer.Trouble is not null ? RetryAfter : _queue.Added != _queue.Taken || _aside.Any ? Delay : null;

    [LoggerMessage(LogLevel.Error, "The decision log has not moved for {Span}: decisions do not wait for it any more, and what is missing is counted", EventName = "DecisionLogStandsStill")]
    private partial void StandsStill(TimeSpan span);

    [LoggerMessage(LogLevel.Error, "The decision log could not be written to its end: {Waiting} records are lost", EventName = "DecisionLogNotDrained")]
    private partial void NotDrained(long waiting);
}
