using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>Says how a feed is doing, in the contract's words.</summary>
internal static class FeedStatus
{
    /// <summary>The status of one feed.</summary>
    public static IntegrationStatus Of(PagerDutyFeed feed)
    {
        var oldest = OldestFacts.Of(feed);
        if (!feed.Turn.IsMine)
        {
            return OfPoller(feed, oldest);
        }

        var error = feed.Loops.Where(l => l.LastError is not null).MaxBy(l => l.LastError!.Value.At)?.LastError;
        var webhooks = feed.Webhooks.Status;
        var state = State(feed);
        var budget = feed.Client.Budget.ToContract();
        budget.IncidentsInterval = Reached(feed, RefreshKind.Incidents);
        budget.OnCallInterval = Reached(feed, RefreshKind.OnCall);
        budget.ServicesInterval = Reached(feed, RefreshKind.Services);
        return new IntegrationStatus
        {
            State = state,
            Message = Message(feed, state, webhooks),
            IncidentsTime = Stamp(oldest.Incidents),
            OnCallTime = Stamp(oldest.OnCall),
            ServicesTime = Stamp(oldest.Services),
            LastError = error?.Message ?? "",
            LastErrorTime = Stamp(error?.At),
            RateBudget = budget,
            Webhooks = webhooks,
            WatchedServices = feed.Connection.ServiceIds.Count,
            WatchedEscalationPolicies = oldest.Policies,
            PolledBy = feed.PolledBy,
        };
    }

    /// <summary>What other sidecars are told by the one that polls: nothing of the facts' ages and the webhooks here, which they see for themselves.</summary>
    public static IntegrationStatus OfPolling(PagerDutyFeed feed)
    {
        var status = Of(feed);
        (status.IncidentsTime, status.OnCallTime, status.ServicesTime, status.Webhooks) = (null, null, null, null);
        status.Message = Message(feed, status.State, new WebhookStatus());
        return status;
    }

    /// <summary>What whoever polls says of PagerDuty, with the ages of the facts here and the webhooks that came here.</summary>
    private static IntegrationStatus OfPoller(PagerDutyFeed feed, OldestFacts oldest)
    {
        var status = feed.PollerStatus?.Clone() ?? new IntegrationStatus { State = IntegrationState.Pending };
        (status.IncidentsTime, status.OnCallTime, status.ServicesTime) = (Stamp(oldest.Incidents), Stamp(oldest.OnCall), Stamp(oldest.Services));
        (status.WatchedServices, status.WatchedEscalationPolicies) = (feed.Connection.ServiceIds.Count, oldest.Policies);
        (status.Webhooks, status.PolledBy) = (feed.Webhooks.Status, feed.PolledBy);
        if (feed.PolledBy.Length == 0)
        {
            status.State = status.State == IntegrationState.Pending ? IntegrationState.Pending : IntegrationState.Degraded;
            status.Message = "No sidecar of the fleet polls PagerDuty at present; facts grow old until one does.";
        }

        return status;
    }

    private static IntegrationState State(PagerDutyFeed feed)
    {
        var last = feed.Loops.Select(l => l.Last).ToList();
        if (last.Any(r => r?.IsRefused == true))
        {
            return IntegrationState.Unauthorized;
        }

        if (last.All(r => r is null or { Outcome: PagerDutyOutcome.Unavailable, Items: 0 }) && last.Any(r => r is not null))
        {
            return IntegrationState.Unreachable;
        }

        if (last.Any(r => r is { IsOk: false }))
        {
            return IntegrationState.Degraded;
        }

        // What another sidecar of the fleet polled before this one is known, though nothing of it was due here yet.
        return feed.Loops.Any(l => !feed.HasHeard(l.Kind)) ? IntegrationState.Pending : IntegrationState.Ok;
    }

    private static string Message(PagerDutyFeed feed, IntegrationState state, WebhookStatus webhooks)
    {
        var worst = feed.Loops.Select(l => l.Last).OfType<RefreshReport>()
            .Aggregate(RefreshReport.Nothing, (a, b) => a.And(b));
        var message = state switch
        {
            IntegrationState.Unauthorized when worst.Outcome == PagerDutyOutcome.Forbidden =>
                "PagerDuty does not let this key read what is needed (403). Give it read access to services, incidents, on-calls and users, or replace it.",
            IntegrationState.Unauthorized =>
                "PagerDuty refuses the API key (401). Replace it, and check that the region is the account's.",
            IntegrationState.Unreachable => "PagerDuty cannot be reached: " + worst.Message,
            IntegrationState.Degraded => "Some facts could not be refreshed and grow old: " + worst.Message,
            IntegrationState.Pending => "PagerDuty has not answered yet.",
            _ => "",
        };

        // A wrong secret drops deliveries, and PagerDuty switches a subscription off after three in a row.
        return message.Length == 0 && webhooks.LastRefusedTime is { } refused
            && (webhooks.LastAcceptedTime is not { } accepted || accepted < refused)
                ? $"Webhooks are being refused: {webhooks.LastRefusal}"
                : message;
    }

    private static Duration Reached(PagerDutyFeed feed, RefreshKind kind) =>
        Duration.FromTimeSpan(feed.Loop(kind).Reached);

    private static Timestamp? Stamp(DateTimeOffset? instant) =>
        instant is { } at ? Timestamp.FromDateTimeOffset(at) : null;
}
