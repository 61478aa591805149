using System.Collections.Concurrent;
using System.Threading.Channels;
using Border0.PdSidecar.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Client.Watch;

/// <summary>
/// Reports ended sessions to the sidecar, again and again until it has heard, so that none stays open there. Anybody may report.
/// </summary>
internal sealed partial class EndReports(
    EvaluationService.EvaluationServiceClient sidecar, ConnectorOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    private const int AtOnce = 8;

    private readonly Channel<string> _queue = Channel.CreateUnbounded<string>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _pending = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Reports the end of a session as soon as the sidecar can be reached.</summary>
    public void Report(string key)
    {
        if (_pending.TryAdd(key, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)) && !_queue.Writer.TryWrite(key))
        {
            Done(key);
        }
    }

    /// <summary>Waits until the end of an earlier session of this key has been reported: it must not overtake the next one's opening.</summary>
    public Task WhenReportedAsync(string key, CancellationToken cancellation) =>
        _pending.TryGetValue(key, out var pending) ? pending.Task.WaitAsync(cancellation) : Task.CompletedTask;

    public Task RunAsync() => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => WorkAsync()));

    /// <summary>From now on every report that waits is tried once more, and <see cref="RunAsync"/> ends.</summary>
    public void Finish()
    {
        _queue.Writer.TryComplete();
        _stop.Cancel();
    }

    public void Dispose() => _stop.Dispose();

    private async Task WorkAsync()
    {
        await foreach (var key in _queue.Reader.ReadAllAsync())
        {
            await ReportAsync(key);
            Done(key);
        }
    }

    private async Task ReportAsync(string key)
    {
        var request = new EndSessionRequest { OrganizationId = options.OrganizationId, ConnectorId = options.ConnectorId, SessionKey = key };
        var backoff = new Backoff(options.ShortestPause, options.LongestPause, Random.Shared);
        while (true)
        {
            try
            {
                await sidecar.EndSessionAsync(request, deadline: (time.GetUtcNow() + options.EvaluateDeadline).UtcDateTime);
                return;
            }
            catch (RpcException e) when (!_stop.IsCancellationRequested && !IsHopeless(e.StatusCode))
            {
                EndNotReported(key, e.StatusCode);
            }
            catch (RpcException e)
            {
                EndGivenUp(key, e.StatusCode);
                return;
            }

            await Task.Delay(backoff.Next(), time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Done(string key)
    {
        if (_pending.TryRemove(key, out var pending))
        {
            pending.SetResult();
        }
    }

    private static bool IsHopeless(StatusCode code) => code is StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.Unimplemented;

    [LoggerMessage(LogLevel.Debug, "The end of session {SessionKey} could not be reported yet: {StatusCode}", EventName = "SessionEndNotReported")]
    private partial void EndNotReported(string sessionKey, StatusCode statusCode);

    [LoggerMessage(LogLevel.Warning, "The end of session {SessionKey} could not be reported: {StatusCode}", EventName = "SessionEndGivenUp")]
    private partial void EndGivenUp(string sessionKey, StatusCode statusCode);
}
