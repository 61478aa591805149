using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using EventCase = Border0.PdSidecar.V1.WatchSessionsResponse.EventOneofCase;

namespace Border0.PdSidecar.Client.Watch;

/// <summary>
/// Holds the stream of events: subscribes, resumes after every break from where it stood, and begins anew with the sessions held
/// when the sidecar cannot resume. One loop; nothing here is called from outside.
/// </summary>
internal sealed partial class SessionWatch(
    EvaluationService.EvaluationServiceClient sidecar,
    ConnectorOptions options,
    TimeProvider time,
    ILogger logger,
    HeldSessions sessions,
    Liveness liveness,
    Deliveries deliveries)
{
    private string _token = "";

    public async Task RunAsync(CancellationToken stop)
    {
        // A vanished sidecar must be noticed, and reached again, while the bound on silence has not passed yet.
        var stall = options.SilenceBound / 2;
        var backoff = new Backoff(options.ShortestPause, options.LongestPause < stall ? options.LongestPause : stall, Random.Shared);
        while (!stop.IsCancellationRequested)
        {
            var resync = false;
            try
            {
                resync = await StreamAsync(stall, backoff, stop);
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
            {
                WatchStalled();
            }
            catch (RpcException e)
            {
                // A token that the sidecar cannot even read resumes nothing.
                resync = e.StatusCode is StatusCode.InvalidArgument or StatusCode.OutOfRange && _token.Length > 0;
                WatchBroken(e.StatusCode, e.Status.Detail);
            }
            catch (Exception e)
            {
                WatchFailed(e);
            }

            liveness.StreamEnded();
            if (resync)
            {
                _token = "";
            }

            await Task.Delay(backoff.Next(), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>Whether the sidecar asked for a new beginning.</returns>
    private async Task<bool> StreamAsync(TimeSpan stall, Backoff backoff, CancellationToken stop)
    {
        // Taking over a long list of sessions takes the sidecar a while; after its first message it has no such excuse.
        using var patience = new CancellationTokenSource(options.SilenceBound, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        var request = new WatchSessionsRequest
        {
            OrganizationId = options.OrganizationId,
            ConnectorId = options.ConnectorId,
            ResumeToken = _token,
            HeartbeatInterval = options.HeartbeatInterval.ToDuration(),
        };
        if (_token.Length == 0)
        {
            liveness.BeginsAnew();
        }

        request.ActiveSessions.Add(sessions.List(anew: _token.Length == 0));
        using var call = sidecar.WatchSessions(request, cancellationToken: both.Token);
        var first = true;
        while (await call.ResponseStream.MoveNext(both.Token))
        {
            var message = call.ResponseStream.Current;
            if (message.EventCase == EventCase.ResyncRequired)
            {
                WatchNotResumable(message.ResyncRequired.Reason);
                return true;
            }

            if (first)
            {
                first = false;
                WatchUp(request.ActiveSessions.Count, request.ResumeToken.Length > 0);
            }

            backoff.Reset();
            liveness.Heard();
            await TakeAsync(message, patience, stop);
            _token = message.ResumeToken;
            patience.CancelAfter(stall);
        }

        WatchEnded();
        return false;
    }

    private async Task TakeAsync(WatchSessionsResponse message, CancellationTokenSource patience, CancellationToken stop)
    {
        if (message.EventCase is EventCase.Heartbeat or EventCase.None)
        {
            return;
        }

        if (!deliveries.TryTakePlace())
        {
            patience.CancelAfter(Timeout.InfiniteTimeSpan);
            liveness.Busy(true);
            try
            {
                await deliveries.TakePlaceAsync(stop);
            }
            finally
            {
                liveness.Busy(false);
            }
        }

        if (sessions.Take(message) is { } delivery)
        {
            deliveries.Add(delivery);
        }
        else
        {
            deliveries.LeavePlace();
        }
    }

    [LoggerMessage(LogLevel.Information, "The watch is up with {Sessions} sessions (resumed: {Resumed})", EventName = "SessionWatchUp")]
    private partial void WatchUp(int sessions, bool resumed);

    [LoggerMessage(LogLevel.Warning, "The watch broke: {StatusCode} {Detail}", EventName = "SessionWatchBroken")]
    private partial void WatchBroken(StatusCode statusCode, string detail);

    [LoggerMessage(LogLevel.Warning, "Nothing was heard of the sidecar in time; subscribing again", EventName = "SessionWatchStalled")]
    private partial void WatchStalled();

    [LoggerMessage(LogLevel.Error, "The watch failed", EventName = "SessionWatchFailed")]
    private partial void WatchFailed(Exception exception);

    [LoggerMessage(LogLevel.Warning, "The watch cannot be resumed and begins anew: {Reason}", EventName = "SessionWatchNotResumable")]
    private partial void WatchNotResumable(string reason);

    [LoggerMessage(LogLevel.Information, "The sidecar ended the watch", EventName = "SessionWatchEnded")]
    private partial void WatchEnded();
}
