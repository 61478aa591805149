using System.Collections.Concurrent;
using Border0.PdSidecar.Fleet.Asking;
using Border0.PdSidecar.Fleet.Facts;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Fleet;

/// <summary>The time in which this sidecar polls one integration: it publishes what it finds, and answers what others ask.</summary>
internal sealed partial class Turn : IAsyncDisposable
{
    private readonly EtcdClient _etcd;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, Task> _answering = new(StringComparer.Ordinal);
    private readonly Func<bool> _holds;
    private readonly Task _writing;
    private volatile bool _lapsed;

    /// <summary>Begins it.</summary>
    public Turn(EtcdClient etcd, PagerDutyFeed feed, FactsWriter writer, Func<bool> holds, ILogger logger)
    {
        (_etcd, Feed, Writer, _holds, _logger) = (etcd, feed, writer, holds, logger);
        feed.Publisher.Published = writer.Touch;
        feed.BeginTurn(holds);
        _writing = Task.Run(() => writer.RunAsync(_stop.Token));
        writer.Touch();
    }

    public PagerDutyFeed Feed { get; }

    public FactsWriter Writer { get; }

    /// <summary>Whether this sidecar certainly still is the one.</summary>
    public bool Holds => _holds();

    /// <summary>Whether it is to be ended, and perhaps begun anew.</summary>
    public bool HasLapsed => _lapsed;

    /// <summary>Asks nothing more from now on.</summary>
    public void Lapse()
    {
        _lapsed = true;
        Feed.EndTurn();
    }

    /// <summary>Does what another sidecar asks for, unless it is being done, and answers it.</summary>
    public void Answer(EtcdRecord asked, FleetRequest request)
    {
        if (request.Answer is null && !_stop.IsCancellationRequested)
        {
            _answering.GetOrAdd(asked.Key, _ => Task.Run(() => AnswerAsync(asked, request)));
        }
    }

    /// <summary>Polls no more; done when nothing is written any more.</summary>
    public async ValueTask DisposeAsync()
    {
        Feed.EndTurn();
        Feed.Publisher.Published = null;
        await _stop.CancelAsync();
        await _writing;
        await Task.WhenAll(_answering.Values);
    }

    private async Task AnswerAsync(EtcdRecord asked, FleetRequest request)
    {
        try
        {
            var answer = request.ServiceId is { } service
                ? new FleetAnswer(await Feed.EnsureKnownAsync(service, _stop.Token), "", 0, 0, 0, TimeSpan.Zero)
                : FleetAnswer.Of(await Feed.SyncAsync(_stop.Token));
            await Writer.FlushAsync(_stop.Token);

            // Whoever asked may have given up, and deleted it.
            await _etcd.CommitAsync(
                new EtcdTransaction().IfUnchanged(asked.Key, asked.ModRevision).Put(asked.Key, (request with { Answer = answer }).Write(), asked.Lease), _stop.Token);
        }
        catch (Exception e) when (e is EtcdUnavailableException or EtcdRefusedException)
        {
            RequestNotAnswered(_logger, asked.Key, e.Message);
        }
        catch (OperationCanceledException)
        {
            // Whoever polls next answers it.
            return;
        }
        finally
        {
            _answering.TryRemove(asked.Key, out _);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, EventName = "FleetRequestNotAnswered", Message = "The request {Key} of another sidecar could not be answered: {Why}")]
    private static partial void RequestNotAnswered(ILogger logger, string key, string why);
}
