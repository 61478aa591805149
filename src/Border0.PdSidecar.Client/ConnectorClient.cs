using Border0.PdSidecar.Client.Watch;
using Border0.PdSidecar.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Border0.PdSidecar.Client;

/// <summary>
/// The connector's side of the sidecar: asks for every connection, holds the watch over those that were let in, and fails closed.
/// Make one for a process. Thread-safe.
/// </summary>
/// <remarks>
/// A session leaves the client in one of two ways: the connector says so (<see cref="EndSession"/>), or the handler is told to end
/// it. It is reported to the sidecar in both. Disposing does not end sessions: end them before, or the sidecar keeps them until it
/// has not heard of the connector for its session lease.
/// </remarks>
public sealed class ConnectorClient : IAsyncDisposable
{
    private readonly EvaluationService.EvaluationServiceClient _sidecar;
    private readonly ConnectorOptions _options;
    private readonly TimeProvider _time;
    private readonly HeldSessions _sessions;
    private readonly Liveness _liveness;
    private readonly Deliveries _deliveries;
    private readonly EndReports _reports;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private readonly Task _reporting;

    private ConnectorClient(
        EvaluationService.EvaluationServiceClient sidecar, ConnectorOptions options, ISessionHandler handler, TimeProvider time, ILogger logger)
    {
        (_sidecar, _options, _time) = (sidecar, options, time);
        _sessions = new HeldSessions(options.MaxSessions);
        _reports = new EndReports(sidecar, options, time, logger);
        _deliveries = new Deliveries(handler, options, time, logger, _reports);
        _liveness = new Liveness(options.SilenceBound, time, _sessions, ends => ends.ToList().ForEach(_deliveries.Add));
        var watch = new SessionWatch(sidecar, options, time, logger, _sessions, _liveness, _deliveries);
        _running = Task.WhenAll(Task.Run(() => watch.RunAsync(_stop.Token)), Task.Run(() => _deliveries.RunAsync(_stop.Token)));
        _reporting = Task.Run(_reports.RunAsync);
    }

    /// <summary>How many sessions are held.</summary>
    public int SessionCount => _sessions.Count;

    /// <summary>The watch is up at this moment.</summary>
    public bool IsWatching => _liveness.IsStreaming;

    /// <summary>Events wait on the stream, since as many as may wait here do.</summary>
    internal bool IsBehind => _liveness.IsBusy;

    /// <summary>Starts: subscribes in the background, and goes on until it is disposed.</summary>
    /// <param name="connection">The way to the sidecar; stays the caller's.</param>
    /// <param name="options">Who the connector is and how careful.</param>
    /// <param name="handler">Ends sessions when told.</param>
    /// <param name="time">The clock; the system's unless given.</param>
    /// <param name="logger">Where to log; nowhere unless given.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static ConnectorClient Start(
        SidecarConnection connection, ConnectorOptions options, ISessionHandler handler, TimeProvider? time = null, ILogger<ConnectorClient>? logger = null)
    {
        options.Validate();
        return new ConnectorClient(
            new EvaluationService.EvaluationServiceClient(connection.Channel),
            options,
            handler,
            time ?? TimeProvider.System,
            logger ?? NullLogger<ConnectorClient>.Instance);
    }

    /// <summary>Waits until the watch is up for the first time, or again after a silence or a new beginning.</summary>
    public Task WhenReadyAsync(CancellationToken cancellation = default) => _liveness.WhenReadyAsync(cancellation);

    /// <summary>
    /// Asks whether a connection may exist, within <see cref="ConnectorOptions.EvaluateDeadline"/>. With a session key an allow is
    /// held and watched from before this returns; use a key for one connection only. Asking again with the key of a session that is
    /// held evaluates it again: a deny then also ends it through the handler, no decision leaves it to the watch.
    /// </summary>
    /// <param name="request">The connection. Connector and organization are filled in.</param>
    /// <param name="cancellation">The connection is gone meanwhile.</param>
    /// <returns>Allow only when the sidecar said so: every error, delay and unknown answer is <see cref="AccessVerdict.Unavailable"/>.</returns>
    /// <exception cref="OperationCanceledException">Cancelled by the caller; a session opened meanwhile is ended.</exception>
    public async Task<AccessDecision> EvaluateAsync(EvaluateRequest request, CancellationToken cancellation = default)
    {
        request = request.Clone();
        (request.ConnectorId, request.OrganizationId) = (_options.ConnectorId, _options.OrganizationId);
        using var deadline = new CancellationTokenSource(_options.EvaluateDeadline, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            return request.SessionKey.Length > 0
                ? await OpenAsync(request, both.Token)
                : AccessDecision.Of(await AskAsync(request, both.Token));
        }
        catch (Exception e)
        {
            cancellation.ThrowIfCancellationRequested();
            return AccessDecision.Unavailable(
                deadline.IsCancellationRequested && request.SessionKey.Length > 0 && !_liveness.IsAlive
                    ? $"The sidecar could not be reached for a watch over the session within {_options.EvaluateDeadline.TotalSeconds:0.###} s."
                : deadline.IsCancellationRequested ? $"The sidecar gave no decision within {_options.EvaluateDeadline.TotalSeconds:0.###} s."
                : e is RpcException rpc ? $"The sidecar gave no decision: {rpc.StatusCode} {rpc.Status.Detail}".TrimEnd()
                : $"The sidecar gave no decision: {e.Message}");
        }
    }

    /// <summary>The connection is over. Its end is reported to the sidecar; no event about it is delivered from now on.</summary>
    /// <returns>Whether the session was held.</returns>
    public bool EndSession(string sessionKey)
    {
        var held = _sessions.End(sessionKey);
        if (held)
        {
            _reports.Report(sessionKey);
        }

        return held;
    }

    /// <summary>Stops watching, after one last attempt to report ends that are still unreported.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _reports.Finish();
        await _reporting;
        _liveness.Dispose();
        _deliveries.Dispose();
        _reports.Dispose();
        _stop.Dispose();
    }

    private async Task<AccessDecision> OpenAsync(EvaluateRequest request, CancellationToken cancellation)
    {
        var key = request.SessionKey;
        await _reports.WhenReportedAsync(key, cancellation);
        if (!_sessions.TryAsk(key))
        {
            return AccessDecision.Unavailable($"This connector holds {_options.MaxSessions} sessions, the most that it may.");
        }

        var mayBeOpen = false;
        try
        {
            while (true)
            {
                await _liveness.WhenReadyAsync(cancellation);
                var lineage = _sessions.Lineage;
                mayBeOpen = true;
                var response = await AskAsync(request, cancellation);
                var decision = AccessDecision.Of(response);
                if (decision.Verdict == AccessVerdict.Deny)
                {
                    mayBeOpen = false;
                    EndDenied(key, decision);
                    return decision;
                }

                if (!decision.IsAllowed)
                {
                    return decision;
                }

                var admission = _sessions.Admit(request, response, lineage, _time.GetUtcNow(), () => _liveness.IsAlive);
                switch (admission.Outcome)
                {
                    case AdmissionOutcome.Held:
                        mayBeOpen = false;
                        _liveness.Reconsider();
                        return decision;
                    case AdmissionOutcome.RevokedMeanwhile:
                        mayBeOpen = false;
                        return AccessDecision.Revoked(response, admission.Revocation!.ReasonUser);
                    case AdmissionOutcome.NotWatched:
                        return AccessDecision.Unavailable("The sidecar allowed it but fell silent, so that a revocation could not arrive.");
                    default:
                        continue;
                }
            }
        }
        finally
        {
            // Allowed over there without anybody here to hold it.
            if (_sessions.Answered(key) && mayBeOpen)
            {
                _reports.Report(key);
            }
        }
    }

    private void EndDenied(string key, AccessDecision denied)
    {
        if (_sessions.Release(key, s => s.EndWith(SessionEndCause.DeniedAgain, denied.Explanation, denied.Explanation)) is { } delivery)
        {
            _deliveries.Add(delivery);
        }
    }

    private async Task<EvaluateResponse> AskAsync(EvaluateRequest request, CancellationToken cancellation) =>
        await _sidecar.EvaluateAsync(
            request, deadline: (_time.GetUtcNow() + _options.EvaluateDeadline).UtcDateTime, cancellationToken: cancellation);
}
