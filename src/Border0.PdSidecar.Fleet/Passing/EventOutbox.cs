using System.Threading.Channels;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Fleet.Passing;

/// <summary>
/// Passes events on to the fleet, in the order in which they came and several at once when they come fast. While etcd is away it keeps the
/// newest ones for a while: what is lost is found by the next poll. Safe from any thread.
/// </summary>
internal sealed partial class EventOutbox(EtcdClient etcd, FleetOptions options, TimeProvider time, ILogger logger)
{
    private const int Capacity = 1000;
    private const int MaxAtOnce = 50;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(250);

    private readonly Channel<(IntegrationKey Integration, PassedEvent Event, long At)> _events = Channel.CreateBounded<(IntegrationKey, PassedEvent, long)>(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private EtcdLease? _lease;

    /// <summary>Takes an event to pass on.</summary>
    public void Put(IntegrationKey integration, string? webhookId, WebhookEvent happened) =>
        _events.Writer.TryWrite((integration, new PassedEvent(webhookId, happened, time.GetUtcNow()), time.GetTimestamp()));

    /// <summary>Passes on until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var batch = new Dictionary<string, (PassedEvent Event, long At)>(StringComparer.Ordinal);
        while (true)
        {
            if (batch.Count == 0)
            {
                await _events.Reader.WaitToReadAsync(cancellation);
            }

            while (batch.Count < MaxAtOnce && _events.Reader.TryRead(out var next))
            {
                batch[FleetKeys.Event(next.Integration, next.Event.Id)] = (next.Event, next.At);
            }

            foreach (var old in batch.Where(e => time.GetElapsedTime(e.Value.At) > options.EventTimeToLive).ToList())
            {
                // Polls know it by now, or nobody does.
                batch.Remove(old.Key);
                EventNotPassed(logger, old.Key);
            }

            try
            {
                await SendAsync(batch, cancellation);
                batch.Clear();
            }
            catch (Exception e) when (e is EtcdUnavailableException or EtcdRefusedException)
            {
                _lease = null;
                EventsDelayed(logger, batch.Count, e.Message);
                await Task.Delay(PauseAfterFailure, time, cancellation);
            }
        }
    }

    private async Task SendAsync(Dictionary<string, (PassedEvent Event, long At)> batch, CancellationToken cancellation)
    {
        if (batch.Count == 0)
        {
            return;
        }

        // One lease for half a life of events: what is written last under it lives as long as it must.
        if (_lease is null || time.GetElapsedTime(_lease.Asked) > options.EventTimeToLive)
        {
            _lease = await etcd.GrantLeaseAsync(options.EventTimeToLive * 2, cancellation);
        }

        var transaction = new EtcdTransaction();
        foreach (var (key, passed) in batch)
        {
            transaction.Put(key, passed.Event.Write(), _lease.Id);
        }

        await etcd.CommitAsync(transaction, cancellation);
    }

    [LoggerMessage(Level = LogLevel.Warning, EventName = "EventsDelayed", Message = "{Count} events could not be passed on to the fleet and are tried again: {Why}")]
    private static partial void EventsDelayed(ILogger logger, int count, string why);

    [LoggerMessage(Level = LogLevel.Warning, EventName = "EventNotPassed", Message = "Event {Key} was not passed on to the fleet in time")]
    private static partial void EventNotPassed(ILogger logger, string key);
}
