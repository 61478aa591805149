using Border0.PdSidecar.ActivityFeed;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.DecisionLog;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.Telemetry;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Rpc;

/// <summary>Answers one Evaluate: at once where everything is known, after the first facts where a service is not known yet.</summary>
internal sealed class Decider(SessionRegistry sessions, PagerDutyFeeds feeds, SidecarOptions options, DecisionRecorder recorder, ActivityTap activity, CallMetrics metrics, TimeProvider time)
{
    /// <summary>The longest wait for the first facts about a service.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    /// <summary>Decides; throws the error of a bad request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="call">Who asks.</param>
    public ValueTask<EvaluationAnswer> DecideAsync(EvaluateRequest request, in EvaluateCall call)
    {
        var started = time.GetTimestamp();
        request.ConnectorId = call.Caller.ConnectorFor(request.ConnectorId);
        var access = AccessRequests.Read(request, options.DefaultOrganization);
        var evaluation = sessions.Evaluate(access, request.ConnectorId, request.SessionKey);
        return evaluation.Decision.AwaitsFacts && !evaluation.Allowed && !evaluation.KeyInUse && !evaluation.TooManySessions
            ? AfterFirstFactsAsync(request, access, evaluation, call, started)
            : RecordAsync(request, access, evaluation, call, started);
    }

    private async ValueTask<EvaluationAnswer> AfterFirstFactsAsync(
        EvaluateRequest request, AccessRequest access, SessionEvaluation evaluation, EvaluateCall call, long started)
    {
        var (deadline, cancellation) = (call.Deadline, call.Cancellation);
        var left = deadline == DateTime.MaxValue ? LongestWait : deadline - time.GetUtcNow().UtcDateTime - TimeSpan.FromMilliseconds(50);
        using var bound = new CancellationTokenSource(left < TimeSpan.Zero ? TimeSpan.Zero : left < LongestWait ? left : LongestWait, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            for (var service = evaluation.Decision.UnknownService; evaluation.Decision.AwaitsFacts; service = evaluation.Decision.UnknownService)
            {
                await feeds.EnsureKnownAsync(service.Integration, service.ServiceId, both.Token);
                evaluation = sessions.Evaluate(access, request.ConnectorId, request.SessionKey);
                if (evaluation.Decision.UnknownService == service)
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Not known in time: the deny says so.
            return await RecordAsync(request, access, evaluation, call, started);
        }

        return await RecordAsync(request, access, evaluation, call, started);
    }

    private ValueTask<EvaluationAnswer> RecordAsync(
        EvaluateRequest request, in AccessRequest access, in SessionEvaluation evaluation, in EvaluateCall call, long started)
    {
        var answer = Answer(request, access, evaluation);
        metrics.Decided(answer.IsAllow, answer.Reason, evaluation.Decision.ShadowDenials, time.GetTimestamp() - started);
        if (activity.IsWatched)
        {
            activity.Decided(request, access.OrganizationId, answer);
        }

        return recorder.RecordAsync(request, answer, evaluation.Decision.Policies, call);
    }

    private static EvaluationAnswer Answer(EvaluateRequest request, in AccessRequest access, in SessionEvaluation evaluation)
    {
        if (evaluation.KeyInUse)
        {
            throw RpcErrors.Precondition(
                "SESSION_KEY_IN_USE", "session_key is open for another user, socket or connector; nothing was changed");
        }

        if (evaluation.TooManySessions)
        {
            throw RpcErrors.Exhausted("TOO_MANY_SESSIONS", $"there are too many open sessions, of connector {request.ConnectorId} (max_sessions_per_connector) or of all (max_sessions, max_connectors): their ends must be reported with EndSession");
        }

        return AnswerWriter.Write(request, access, evaluation);
    }
}
