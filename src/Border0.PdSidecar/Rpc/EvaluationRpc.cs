using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>EvaluationService over the decider and the sessions.</summary>
internal sealed class EvaluationRpc(
    Decider decider, SessionRegistry sessions, ConfigurationState state, PagerDutyFeeds feeds, SidecarOptions options, TimeProvider time, IHostApplicationLifetime lifetime)
    : EvaluationService.EvaluationServiceBase
{
    private const int MostActiveSessions = 100_000;

    public override Task<EvaluateResponse> Evaluate(EvaluateRequest request, ServerCallContext context) =>
        decider.DecideAsync(request, context.Deadline, TraceParent(context), context.CancellationToken).AsTask();

    public override async Task EvaluateStream(
        IAsyncStreamReader<EvaluateStreamRequest> requestStream, IServerStreamWriter<EvaluateStreamResponse> responseStream, ServerCallContext context)
    {
        using var stream = new EvaluationStream(decider, requestStream, responseStream, TraceParent(context));
        await stream.RunAsync(context.Deadline, context.CancellationToken);
    }

    public override async Task WatchSessions(WatchSessionsRequest request, IServerStreamWriter<WatchSessionsResponse> responseStream, ServerCallContext context)
    {
        var organization = Organization(request.OrganizationId);
        var (active, heartbeat) = Read(request, organization);
        using var watch = sessions.Watch(organization, request.ConnectorId, request.ResumeToken, active, heartbeat, FactsAges);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping, watch.TooSlow);
        try
        {
            await foreach (var message in watch.ReadAllAsync(ends.Token))
            {
                await responseStream.WriteAsync(message, ends.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or IOException && ends.IsCancellationRequested)
        {
            throw watch.TooSlow.IsCancellationRequested ? RpcErrors.TooSlow()
                : lifetime.ApplicationStopping.IsCancellationRequested ? RpcErrors.Stopping()
                : new RpcException(new Status(StatusCode.Cancelled, "the watch was cancelled"));
        }
    }

    public override Task<EndSessionResponse> EndSession(EndSessionRequest request, ServerCallContext context)
    {
        var found = new FieldViolations();
        found.RequireText("connector_id", request.ConnectorId, 256);
        found.RequireText("session_key", request.SessionKey, 256);
        return found.None
            ? Task.FromResult(new EndSessionResponse { WasOpen = sessions.End(Organization(request.OrganizationId), request.ConnectorId, request.SessionKey) })
            : throw RpcErrors.Invalid(found);
    }

    public override async Task<RevokeSessionResponse> RevokeSession(RevokeSessionRequest request, ServerCallContext context)
    {
        var found = new FieldViolations();
        found.CheckText("connector_id", request.ConnectorId, 256);
        found.RequireText("session_key", request.SessionKey, 256);
        found.RequireText("reason", request.Reason, 1024);
        if (!found.None)
        {
            throw RpcErrors.Invalid(found);
        }

        var revision = sessions.Revoke(Organization(request.OrganizationId), request.ConnectorId, request.SessionKey, request.Reason)
            ?? throw RpcErrors.NotFound("session", request.SessionKey);

        // Nothing but this call knows of it: an answer means that a kill does not undo it.
        await sessions.FlushAsync(context.CancellationToken);
        return new RevokeSessionResponse { Revision = revision };
    }

    public override Task<ListSessionsResponse> ListSessions(ListSessionsRequest request, ServerCallContext context)
    {
        var (size, after) = PageTokens.Read(request.PageSize, request.PageToken, 100, 1000);
        var parts = after.Split('\n');
        if (after.Length > 0 && parts.Length != 2)
        {
            throw RpcErrors.Invalid("page_token", "is not one that a previous page gave");
        }

        var page = sessions.List(
            Organization(request.OrganizationId), request.ConnectorId, request.SocketId, request.UserEmail, after.Length == 0 ? ("", "") : (parts[0], parts[1]), size + 1);
        var response = new ListSessionsResponse();
        response.Sessions.Add(page.Take(size));
        if (page.Count > size)
        {
            var last = page[size - 1];
            response.NextPageToken = PageTokens.For($"{last.ConnectorId}\n{last.SessionKey}");
        }

        return Task.FromResult(response);
    }

    /// <summary>The header that the server holds ready; the call's own metadata would be built for it.</summary>
    private static string? TraceParent(ServerCallContext context) => context.GetHttpContext().Request.Headers.TraceParent;

    private static (List<AdoptedSession> Active, TimeSpan Heartbeat) Read(WatchSessionsRequest request, string organization)
    {
        var found = new FieldViolations();
        found.RequireText("connector_id", request.ConnectorId, 256);
        if (!SessionRegistry.IsToken(request.ResumeToken))
        {
            found.Add("resume_token", "is not one that a watch gave; subscribe without it and with active_sessions");
        }

        var heartbeat = TimeSpan.FromSeconds(1);
        if (request.HeartbeatInterval is not null
            && !(Durations.TryRead(request.HeartbeatInterval, out heartbeat) && heartbeat >= TimeSpan.FromMilliseconds(100) && heartbeat <= TimeSpan.FromSeconds(60)))
        {
            found.Add("heartbeat_interval", "must be from 0.1 s to 60 s");
        }

        var active = new List<AdoptedSession>();
        if (found.CheckCount("active_sessions", request.ActiveSessions.Count, MostActiveSessions))
        {
            for (var i = 0; i < request.ActiveSessions.Count; i++)
            {
                active.Add(Read($"active_sessions[{i}].", request.ActiveSessions[i], organization, found));
            }
        }

        return found.None ? (active, heartbeat) : throw RpcErrors.Invalid(found);
    }

    private static AdoptedSession Read(string prefix, ActiveSession session, string organization, FieldViolations found)
    {
        found.RequireText(prefix + "session_key", session.SessionKey, 256);
        DateTimeOffset opened = default;
        if (session.OpenTime is not null && !Durations.TryRead(session.OpenTime, out opened))
        {
            found.Add(prefix + "open_time", "must be an instant");
        }

        var access = AccessRequests.Read(
            prefix, session.SocketId, session.SocketType, session.UserEmail, session.Groups, session.ServiceAccount, session.ClientIp, session.ClientCountry, session.SocketTags, organization, found);
        return new AdoptedSession(session.SessionKey, access, session.OpenTime is null ? null : opened);
    }

    private IEnumerable<FactsAge> FactsAges(string organization)
    {
        foreach (var integration in state.Integrations(organization))
        {
            var ages = feeds.Ages(new IntegrationKey(organization, integration.Name));
            var now = time.GetUtcNow();
            yield return new FactsAge
            {
                IntegrationName = integration.Name,
                IncidentsTime = (now - ages.Incidents)?.ToTimestamp(),
                OnCallTime = (now - ages.OnCall)?.ToTimestamp(),
                ServicesTime = (now - ages.Services)?.ToTimestamp(),
            };
        }
    }

    private string Organization(string organizationId)
    {
        var found = new FieldViolations();
        found.CheckOrganization("organization_id", organizationId);
        return !found.None ? throw RpcErrors.Invalid(found) : organizationId.Length > 0 ? organizationId : options.DefaultOrganization;
    }
}
