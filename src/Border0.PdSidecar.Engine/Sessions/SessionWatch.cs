using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// One subscription to a connector's log: a cursor in it, woken when something is published. Holds no events of its own, so however
/// slow its reader is, it costs no memory. To be read once, then disposed.
/// </summary>
public sealed class SessionWatch : IDisposable
{
    private const int BatchSize = 256;

    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConnectorLog _log;
    private readonly string? _resync;
    private readonly TimeSpan _heartbeat;
    private readonly Func<string, IEnumerable<FactsAge>> _factsAges;
    private readonly SessionOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _cutOff = new();
    private long _cursor;
    private long _progressTicks;
    private int _beatDue;

    internal SessionWatch(
        ConnectorLog log,
        long cursor,
        string? resync,
        TimeSpan heartbeat,
        Func<string, IEnumerable<FactsAge>> factsAges,
        SessionOptions options,
        TimeProvider time)
    {
        (_log, _cursor, _resync, _heartbeat, _factsAges, _options, _time) = (log, cursor, resync, heartbeat, factsAges, options, time);
        _progressTicks = time.GetUtcNow().UtcTicks;
    }

    /// <summary>
    /// Cancelled when the reader is too slow: events that it has not read are not kept any more, or it has taken nothing for the
    /// patience of the options although something waits. The caller then ends the stream with RESOURCE_EXHAUSTED.
    /// </summary>
    public CancellationToken TooSlow => _cutOff.Token;

    /// <summary>How many events are there that it has not given yet.</summary>
    internal long Behind => _resync is null ? Math.Max(0, _log.Published - Volatile.Read(ref _cursor)) : 0;

    /// <summary>Whether, with the message that was given last, another one is there already: it need not be sent by itself.</summary>
    public bool MoreFollow { get; private set; }

    /// <summary>
    /// What happens, in order, beginning with a heartbeat at once; ends after a resync_required. Throws
    /// <see cref="OperationCanceledException"/> when <paramref name="cancellation"/> or <see cref="TooSlow"/> is cancelled.
    /// </summary>
    public async IAsyncEnumerable<WatchMessage> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        if (_resync is not null)
        {
            var published = _log.Published;
            var required = new ResyncRequired { Reason = _resync, OldestRevision = _log.Oldest };
            yield return WatchMessage.Of(new WatchSessionsResponse { Revision = published, ResyncRequired = required }, _log.TokenAt(published));
            yield break;
        }

        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _cutOff.Token);
        using var timer = _time.CreateTimer(_ => Beat(), null, _heartbeat, _heartbeat);
        yield return Heartbeat();
        var batch = new List<WatchMessage>();
        while (true)
        {
            both.Token.ThrowIfCancellationRequested();
            batch.Clear();
            if (!_log.TryRead(_cursor, BatchSize, batch))
            {
                await _cutOff.CancelAsync();
                both.Token.ThrowIfCancellationRequested();
            }

            for (var i = 0; i < batch.Count; i++)
            {
                MoreFollow = i < batch.Count - 1;
                yield return batch[i];
                Volatile.Write(ref _cursor, batch[i].Revision);
                Progress();
            }

            if (Interlocked.Exchange(ref _beatDue, 0) == 1)
            {
                yield return Heartbeat();
                Progress();
            }

            if (batch.Count == 0)
            {
                await _signal.Reader.ReadAsync(both.Token);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _log.Remove(this);
        _log.LastHeard = _time.GetUtcNow();
        _cutOff.Dispose();
    }

    /// <summary>Something was published.</summary>
    internal void Wake() => _signal.Writer.TryWrite(true);

    private void Beat()
    {
        // A heartbeat that is still waiting from the last time, with events behind it, means that nobody reads.
        if (Interlocked.Exchange(ref _beatDue, 1) == 1
            && Volatile.Read(ref _cursor) < _log.Published
            && _time.GetUtcNow().UtcTicks - Interlocked.Read(ref _progressTicks) > _options.SlowWatcherPatience.Ticks)
        {
            try
            {
                _cutOff.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It ended by itself meanwhile.
                return;
            }
        }

        Wake();
    }

    private void Progress() => Interlocked.Exchange(ref _progressTicks, _time.GetUtcNow().UtcTicks);

    private WatchMessage Heartbeat()
    {
        var heartbeat = new Heartbeat { Time = _time.GetUtcNow().ToTimestamp(), Revision = _cursor, OldestRevision = _log.Oldest };
        heartbeat.FactsAges.Add(_factsAges(_log.OrganizationId));
        return WatchMessage.Of(new WatchSessionsResponse { Revision = _cursor, Heartbeat = heartbeat }, _log.TokenAt(_cursor));
    }
}
