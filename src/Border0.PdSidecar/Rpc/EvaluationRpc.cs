using Border0.PdSidecar.Access;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.Telemetry;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>EvaluationService over the decider and the sessions.</summary>
internal sealed class EvaluationRpc(
    Decider decider, SessionRegistry sessions, ConfigurationState state, PagerDutyFeeds feeds, SidecarOptions options, TimeProvider time, IHostApplicationLifetime lifetime, CallErrors errors, IConfigurationObserver observer, CallerStreams streams, CallMeter meter)
    : EvaluationRpcBase
{
    private const int MostActiveSessions = 100_000;

    /// <summary>Sent with what follows.</summary>
    private static readonly WriteOptions Together = new(WriteFlags.BufferHint);

    /// <inheritdoc/>
    /// <remarks>Errors are made here, since an interceptor for all of them would cost every call.</remarks>
    public override Task<EvaluationAnswer> Evaluate(EvaluateRequest request, ServerCallContext context)
    {
        var started = time.GetTimestamp();
        try
        {
            var deciding = decider.DecideAsync(request, new EvaluateCall(context, Caller.Of(context)));
            if (!deciding.IsCompletedSuccessfully)
            {
                return LateAsync(deciding.AsTask(), context, started);
            }

            meter.Evaluated(StatusCode.OK, started);
            return Task.FromResult(deciding.Result);
        }
        catch (Exception e)
        {
            throw Failed(e, context, started);
        }
    }

    private async Task<EvaluationAnswer> LateAsync(Task<EvaluationAnswer> deciding, ServerCallContext context, long started)
    {
        try
        {
            var answer = await deciding;
            meter.Evaluated(StatusCode.OK, started);
            return answer;
        }
        catch (Exception e)
        {
            throw Failed(e, context, started);
        }
    }

    private RpcException Failed(Exception e, ServerCallContext context, long started)
    {
        var error = e as RpcException ?? errors.Translate(e, context);
        meter.Evaluated(error.StatusCode, started);
        return error;
    }

    public override async Task EvaluateStream(
        IAsyncStreamReader<EvaluateStreamRequest> requestStream, IServerStreamWriter<StreamAnswer> responseStream, ServerCallContext context)
    {
        var caller = Caller.Of(context);
        try
        {
            using var counted = streams.Evaluation(caller, context);
            using var stream = new EvaluationStream(decider, caller, requestStream, responseStream, context);
            await stream.RunAsync();
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw caller.Ended is { } ended ? AccessErrors.CredentialsInvalid(ended) : errors.Translate(e, context);
        }
    }

    public override Task WatchSessions(WatchSessionsRequest request, IServerStreamWriter<WatchMessage> responseStream, ServerCallContext context) =>
        errors.GuardAsync(() => WatchAsync(request, responseStream, context), context);

    private async Task<bool> WatchAsync(WatchSessionsRequest request, IServerStreamWriter<WatchMessage> responseStream, ServerCallContext context)
    {
        var caller = Caller.Of(context);
        request.ConnectorId = caller.ConnectorFor(request.ConnectorId);
        var organization = Organization(request.OrganizationId);
        var (active, heartbeat) = Read(request, organization);
        if (!sessions.HasRoomFor(organization, request.ConnectorId))
        {
            throw RpcErrors.Exhausted("TOO_MANY_CONNECTORS", $"there are {options.Limits.MaxConnectors} connectors already (max_connectors): use one id for each, and give each a token that is bound to it");
        }

        using var counted = streams.Watch(organization, request.ConnectorId);
        using var watch = sessions.Watch(organization, request.ConnectorId, request.ResumeToken, active, heartbeat, FactsAges);

        // A watch may last for weeks, and the list have megabytes.
        request.ActiveSessions.Clear();
        SubscriptionGate.TakenIn(context.GetHttpContext());
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping, watch.TooSlow, caller.Ends);
        try
        {
            await foreach (var message in watch.ReadAllAsync(ends.Token))
            {
                if (watch.MoreFollow)
                {
                    // Waits for nothing, so that it need not be told when to wait no more.
                    responseStream.WriteOptions = Together;
                    await responseStream.WriteAsync(message);
                    continue;
                }

                responseStream.WriteOptions = null;
                await responseStream.WriteAsync(message, ends.Token);
            }

            return true;
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or IOException && ends.IsCancellationRequested)
        {
            throw caller.Ended is { } ended ? AccessErrors.CredentialsInvalid(ended)
                : watch.TooSlow.IsCancellationRequested ? RpcErrors.TooSlow()
                : lifetime.ApplicationStopping.IsCancellationRequested ? RpcErrors.Stopping()
                : new RpcException(new Status(StatusCode.Cancelled, "the watch was cancelled"));
        }
    }

    public override Task<EndSessionResponse> EndSession(EndSessionRequest request, ServerCallContext context) =>
        errors.GuardAsync(() => Task.FromResult(End(request, Caller.Of(context))), context);

    public override Task<RevokeSessionResponse> RevokeSession(RevokeSessionRequest request, ServerCallContext context) =>
        errors.GuardAsync(() => RevokeAsync(request, Actor.Of(context), context.CancellationToken), context);

    public override Task<ListSessionsResponse> ListSessions(ListSessionsRequest request, ServerCallContext context) =>
        errors.GuardAsync(() => Task.FromResult(List(request)), context);

    private EndSessionResponse End(EndSessionRequest request, Caller caller)
    {
        request.ConnectorId = caller.ConnectorFor(request.ConnectorId);
        var found = new FieldViolations();
        found.RequireText("connector_id", request.ConnectorId, 256);
        found.RequireText("session_key", request.SessionKey, 256);
        return found.None
            ? new EndSessionResponse { WasOpen = sessions.End(Organization(request.OrganizationId), request.ConnectorId, request.SessionKey) }
            : throw RpcErrors.Invalid(found);
    }

    private async Task<RevokeSessionResponse> RevokeAsync(RevokeSessionRequest request, Actor actor, CancellationToken cancellation)
    {
        var found = new FieldViolations();
        found.CheckText("connector_id", request.ConnectorId, 256);
        found.RequireText("session_key", request.SessionKey, 256);
        found.RequireText("reason", request.Reason, 1024);
        if (!found.None)
        {
            throw RpcErrors.Invalid(found);
        }

        var organization = Organization(request.OrganizationId);
        var revision = sessions.Revoke(organization, request.ConnectorId, request.SessionKey, request.Reason)
            ?? throw RpcErrors.NotFound("session", request.SessionKey);
        observer.Changed(new ConfigurationChange("session", organization, request.SessionKey, null, "", Revocation(request), "") { Action = "revoke", Actor = actor });

        // Nothing but this call knows of it: an answer means that a kill does not undo it.
        await sessions.FlushAsync(cancellation);
        return new RevokeSessionResponse { Revision = revision };
    }

    private static Struct Revocation(RevokeSessionRequest request)
    {
        var revocation = new Struct { Fields = { ["reason"] = Value.ForString(request.Reason) } };
        if (request.ConnectorId.Length > 0)
        {
            revocation.Fields["connector_id"] = Value.ForString(request.ConnectorId);
        }

        return revocation;
    }

    private ListSessionsResponse List(ListSessionsRequest request)
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

        return response;
    }

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
