using Border0.PdSidecar.Access;
using Border0.PdSidecar.ActivityFeed;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>ActivityService over the tap.</summary>
[BindServiceMethod(typeof(RequestBytes.Activities), nameof(RequestBytes.Activities.BindService))]
internal sealed class ActivityRpc(ActivityTap tap, SidecarOptions options, IHostApplicationLifetime lifetime) : ActivityService.ActivityServiceBase
{
    private static readonly int EveryKind = Bits([ActivityKind.Decision, ActivityKind.Revocation, ActivityKind.Change]);

    public override async Task WatchActivity(WatchActivityRequest request, IServerStreamWriter<WatchActivityResponse> responseStream, ServerCallContext context)
    {
        var caller = Caller.Of(context);
        using var watch = tap.Watch(Read(request))
            ?? throw RpcErrors.Exhausted("TOO_MANY_WATCHES", $"{ActivityTap.MostWatches} callers watch what happens already: end those watches that are not needed");
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping, caller.Ends);
        try
        {
            await foreach (var message in watch.ReadAllAsync(ends.Token))
            {
                await responseStream.WriteAsync(message, ends.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or IOException && ends.IsCancellationRequested)
        {
            throw caller.Ended is { } ended ? AccessErrors.CredentialsInvalid(ended)
                : lifetime.ApplicationStopping.IsCancellationRequested ? RpcErrors.Stopping()
                : new RpcException(new Status(StatusCode.Cancelled, "the watch was cancelled"));
        }
    }

    private ActivityFilter Read(WatchActivityRequest request)
    {
        var found = new FieldViolations();
        found.CheckOrganization("organization_id", request.OrganizationId);
        found.CheckText("user", request.User, 320);
        found.CheckText("socket_id", request.SocketId, 256);
        found.CheckText("policy_name", request.PolicyName, 63);
        if (request.Kinds.Any(k => k is not (ActivityKind.Decision or ActivityKind.Revocation or ActivityKind.Change)))
        {
            found.Add("kinds", "must be of ACTIVITY_KIND_DECISION, ACTIVITY_KIND_REVOCATION and ACTIVITY_KIND_CHANGE");
        }

        if (request.Decision is not (V1.Decision.Unspecified or V1.Decision.Allow or V1.Decision.Deny))
        {
            found.Add("decision", "must be DECISION_ALLOW, DECISION_DENY or absent");
        }

        return !found.None ? throw RpcErrors.Invalid(found) : new ActivityFilter(
            request.OrganizationId.Length > 0 ? request.OrganizationId : options.DefaultOrganization,
            request.Kinds.Count == 0 ? EveryKind : Bits(request.Kinds),
            request.Decision,
            request.User,
            request.SocketId,
            request.PolicyName);
    }

    private static int Bits(IEnumerable<ActivityKind> kinds) => kinds.Aggregate(0, (bits, kind) => bits | (1 << (int)kind));
}
