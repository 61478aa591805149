using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Client.Watch;

/// <summary>Calls the handler, one event at a time, in order. Anybody may add; one loop delivers.</summary>
internal sealed partial class Deliveries(ISessionHandler handler, ConnectorOptions options, TimeProvider time, ILogger logger, EndReports reports)
    : IDisposable
{
    private readonly Channel<Delivery> _waiting = Channel.CreateUnbounded<Delivery>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _room = new(options.MaxWaitingEvents);

    /// <summary>Takes one place for an event of the stream; false when none is free.</summary>
    public bool TryTakePlace() => _room.Wait(0, CancellationToken.None);

    /// <summary>Waits for a place for an event of the stream.</summary>
    public Task TakePlaceAsync(CancellationToken cancellation) => _room.WaitAsync(cancellation);

    /// <summary>Gives a place back that was not needed.</summary>
    public void LeavePlace() => _room.Release();

    public void Add(Delivery delivery) => _waiting.Writer.TryWrite(delivery);

    public async Task RunAsync(CancellationToken stop)
    {
        await foreach (var delivery in _waiting.Reader.ReadAllAsync(stop))
        {
            if (!delivery.Session.EndedByConnector)
            {
                await DeliverAsync(delivery, stop);
            }

            if (delivery.FromStream)
            {
                LeavePlace();
            }

            // The sidecar knows of its own revocation, unless it took the session over again from a list sent meanwhile.
            if (delivery.End is { } end && (end.Revocation is null || delivery.Session.WasListed))
            {
                reports.Report(end.SessionKey);
            }
        }
    }

    public void Dispose() => _room.Dispose();

    private async Task DeliverAsync(Delivery delivery, CancellationToken stop)
    {
        try
        {
            // On a thread of its own account: a handler that blocks is left behind like one that waits.
            await Task.Run(() => delivery.ToAsync(handler, stop).AsTask(), stop).WaitAsync(options.HandlerPatience, time, stop);
        }
        catch (TimeoutException)
        {
            HandlerLeftBehind(delivery.Session.Key, options.HandlerPatience);
        }
        catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            HandlerFailed(e, delivery.Session.Key);
        }
    }

    [LoggerMessage(LogLevel.Error, "The handler failed for session {SessionKey}", EventName = "SessionHandlerFailed")]
    private partial void HandlerFailed(Exception exception, string sessionKey);

    [LoggerMessage(LogLevel.Error, "The handler has not come back for session {SessionKey} within {Patience}; the next event follows", EventName = "SessionHandlerLeftBehind")]
    private partial void HandlerLeftBehind(string sessionKey, TimeSpan patience);
}
