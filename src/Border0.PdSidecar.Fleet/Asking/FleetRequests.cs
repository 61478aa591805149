using System.Collections.Concurrent;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Fleet.Election;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Fleet.Asking;

/// <summary>
/// Asks whoever polls an integration, through etcd. The question is a key under this sidecar's lease; whoever polls writes the answer into
/// it, after the facts, so that they are here when the answer is. Safe from any thread.
/// </summary>
internal sealed partial class FleetRequests(
    EtcdClient etcd, string member, MemberLease lease, FleetOptions options, TimeProvider time, ILogger logger) : IFeedFleet
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<FleetAnswer>> _waiting = new(StringComparer.Ordinal);
    private long _asked;

    /// <inheritdoc/>
    public async Task<SyncOutcome> SyncAsync(IntegrationKey integration, CancellationToken cancellation) =>
        (await AskAsync(integration, new FleetRequest(null, null), options.SyncPatience, cancellation)).ToOutcome();

    /// <inheritdoc/>
    public async Task<PagerDutyOutcome> FetchAsync(IntegrationKey integration, string serviceId, CancellationToken cancellation) =>
        (await AskAsync(integration, new FleetRequest(serviceId, null), options.FetchPatience, cancellation)).Outcome;

    /// <summary>A request's key was written: perhaps it is an answer for somebody here.</summary>
    public void Take(string key, FleetRequest request)
    {
        if (request.Answer is { } answer && _waiting.TryGetValue(key, out var waiting))
        {
            waiting.TrySetResult(answer);
        }
    }

    private async Task<FleetAnswer> AskAsync(IntegrationKey integration, FleetRequest request, TimeSpan patience, CancellationToken cancellation)
    {
        if (!lease.Holds)
        {
            return Nothing("etcd cannot be reached, through which the sidecar that polls PagerDuty would be asked.");
        }

        var key = FleetKeys.Request(integration, $"{member}-{Interlocked.Increment(ref _asked)}");
        var answered = new TaskCompletionSource<FleetAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[key] = answered;
        try
        {
            await etcd.CommitAsync(new EtcdTransaction().Put(key, request.Write(), lease.Id), cancellation);
            return await answered.Task.WaitAsync(patience, time, cancellation);
        }
        catch (TimeoutException)
        {
            return Nothing("No sidecar of the fleet has answered: none polls PagerDuty for this integration at present, or it takes too long.");
        }
        catch (Exception e) when (e is EtcdUnavailableException or EtcdRefusedException)
        {
            return Nothing(e.Message);
        }
        finally
        {
            _waiting.TryRemove(key, out _);
            _ = DeleteAsync(key);
        }
    }

    private async Task DeleteAsync(string key)
    {
        try
        {
            await etcd.CommitAsync(new EtcdTransaction().Delete(key), CancellationToken.None);
        }
        catch (Exception e) when (e is EtcdUnavailableException or EtcdRefusedException or ObjectDisposedException or OperationCanceledException)
        {
            // It ends with the lease.
            RequestNotDeleted(logger, key, e.Message);
        }
    }

    private static FleetAnswer Nothing(string why) => new(PagerDutyOutcome.Unavailable, why, 0, 0, 0, TimeSpan.Zero);

    [LoggerMessage(Level = LogLevel.Debug, EventName = "FleetRequestNotDeleted", Message = "The request {Key} was not deleted: {Why}")]
    private static partial void RequestNotDeleted(ILogger logger, string key, string why);
}
