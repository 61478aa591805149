using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.DecisionLog;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Rpc;

/// <summary>Answers one Evaluate: at once where everything is known, after the first facts where a service is not known yet.</summary>
internal sealed class Decider(SessionRegistry sessions, PagerDutyFeeds feeds, SidecarOptions options, DecisionRecorder recorder, TimeProvider time)
{
    /// <summary>The longest wait for the first facts about a service.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    /// <summary>Decides; throws the error of a bad request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="deadline">The caller's deadline.</param>
    /// <param name="traceParent">The caller's traceparent header, or null.</param>
    /// <param name="cancellation">The call's end.</param>
    public ValueTask<EvaluateResponse> DecideAsync(EvaluateRequest request, DateTime deadline, string? traceParent, CancellationToken cancellation)
    {
        var access = AccessRequests.Read(request, options.DefaultOrganization);
        var evaluation = sessions.Evaluate(access, request.ConnectorId, request.SessionKey);
        return evaluation.Decision.AwaitsFacts && !evaluation.Allowed && !evaluation.KeyInUse
            ? AfterFirstFactsAsync(request, access, evaluation, deadline, traceParent, cancellation)
            : RecordAsync(request, access, evaluation, traceParent, cancellation);
    }

    private async ValueTask<EvaluateResponse> AfterFirstFactsAsync(
        EvaluateRequest request, AccessRequest access, SessionEvaluation evaluation, DateTime deadline, string? traceParent, CancellationToken cancellation)
    {
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
            return await RecordAsync(request, access, evaluation, traceParent, cancellation);
        }

        return await RecordAsync(request, access, evaluation, traceParent, cancellation);
    }

    private ValueTask<EvaluateResponse> RecordAsync(
        EvaluateRequest request, in AccessRequest access, in SessionEvaluation evaluation, string? traceParent, CancellationToken cancellation) =>
        recorder.RecordAsync(request, Answer(request, access, evaluation), evaluation.Decision.Policies, traceParent, cancellation);

    private static EvaluateResponse Answer(EvaluateRequest request, in AccessRequest access, in SessionEvaluation evaluation)
    {
        if (evaluation.KeyInUse)
        {
            throw RpcErrors.Precondition(
                "SESSION_KEY_IN_USE", "session_key is open for another user, socket or connector; nothing was changed");
        }

        var decision = evaluation.Decision;
        var response = new EvaluateResponse
        {
            RequestId = request.RequestId,
            Decision = evaluation.Allowed ? V1.Decision.Allow : V1.Decision.Deny,
            Revision = evaluation.Revision,
        };
        if (evaluation.DeniedBy is { } reason)
        {
            response.Reasons.Add(reason);
            return response;
        }

        Evaluator.Explain(decision, access, response.Reasons);

        if (decision.FactsTime is { } asOf)
        {
            response.FactsTime = asOf.ToTimestamp();
        }

        if (evaluation.Allowed)
        {
            response.SessionKey = request.SessionKey;
            response.ValidUntil = (evaluation.GraceUntil ?? decision.ValidUntil)?.ToTimestamp();
            foreach (var (type, actions) in decision.Grants.ActionEntries)
            {
                response.AllowedActions.Add(type, actions);
            }

            foreach (var (type, permissions) in decision.Grants.PermissionEntries)
            {
                response.Permissions.Add(type, permissions);
            }
        }

        return response;
    }
}
