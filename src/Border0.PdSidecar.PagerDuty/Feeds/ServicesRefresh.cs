using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>Reads which services exist and which escalation policy each uses now, by id or page by page.</summary>
internal sealed class ServicesRefresh(PagerDutyFeed feed)
{
    // Up to here asking by id is at most as many requests as finding out how long the account's list is.
    private const int AlwaysById = 10;

    // A key that may not read this many services in a row may read none.
    private const int MaxForbidden = 3;

    private int _pages = int.MaxValue;

    /// <summary>Reads and publishes. With no ids it only finds out whether the key works.</summary>
    public async Task<RefreshReport> RunAsync(
        IReadOnlyCollection<string> serviceIds, RequestPriority priority, CancellationToken cancellation)
    {
        if (serviceIds.Count == 0)
        {
            var any = await feed.Client.ListServicesAsync("", 0, 1, priority, cancellation);
            return new RefreshReport(any.Outcome, any.Message, 1, 0);
        }

        var found = new Dictionary<string, ServiceFacts>(StringComparer.Ordinal);
        var report = serviceIds.Count > AlwaysById && (serviceIds.Count > _pages || _pages == int.MaxValue)
            ? await ListAsync(serviceIds.ToHashSet(StringComparer.Ordinal), found, priority, cancellation)
            : RefreshReport.Nothing;
        if (report.IsOk)
        {
            report = report.And(await AskAsync(serviceIds, found, priority, cancellation));
        }

        return report.And(await PublishAsync(found.Values, priority, cancellation));
    }

    /// <summary>Publishes services together with who is on call for escalation policies that they newly use.</summary>
    /// <remarks>
    /// A service that changed its policy must not be published before the new policy's shifts are known: everyone on call
    /// would seem to be off call meanwhile.
    /// </remarks>
    public async Task<RefreshReport> PublishAsync(
        IReadOnlyCollection<ServiceFacts> services, RequestPriority priority, CancellationToken cancellation)
    {
        var known = feed.Publisher.Current;
        var missing = services.Select(s => s.EscalationPolicyId).OfType<string>()
            .Where(id => !known.EscalationPolicies.ContainsKey(id)).Distinct().ToList();
        var (report, policies) = await feed.OnCall.FetchAsync(missing, priority, cancellation);
        var failed = missing.Except(policies.Select(p => p.Id)).ToHashSet(StringComparer.Ordinal);
        var publishable = services
            .Where(s => s.EscalationPolicyId is not { } policy
                || !failed.Contains(policy)
                || !known.Services.ContainsKey(s.Id))
            .ToList();
        feed.Publisher.Publish(services: publishable, policies: policies);
        return report with { Items = publishable.Count };
    }

    private async Task<RefreshReport> ListAsync(
        HashSet<string> wanted,
        Dictionary<string, ServiceFacts> found,
        RequestPriority priority,
        CancellationToken cancellation)
    {
        int? offset = 0;
        var pages = 0;
        // Past as many pages as ids, asking for the rest by id is cheaper.
        while (offset is { } from && from + Paging.Limit <= Paging.MaxOffsetAndLimit
            && found.Count < wanted.Count && pages < wanted.Count)
        {
            var page = await feed.Client.ListServicesAsync("", from, Paging.Limit, priority, cancellation);
            pages++;
            if (!page.IsOk)
            {
                return new RefreshReport(page.Outcome, page.Message, pages, 0);
            }

            foreach (var service in page.Value.Services.Where(s => wanted.Contains(s.Facts.Id)))
            {
                Take(service, found);
            }

            offset = page.Value.NextOffset;
        }

        _pages = pages;
        return new RefreshReport(PagerDutyOutcome.Ok, "", pages, 0);
    }

    private async Task<RefreshReport> AskAsync(
        IReadOnlyCollection<string> serviceIds,
        Dictionary<string, ServiceFacts> found,
        RequestPriority priority,
        CancellationToken cancellation)
    {
        var report = RefreshReport.Nothing;
        var forbidden = 0;
        var rest = serviceIds.Where(id => !found.ContainsKey(id)).ToList();
        foreach (var id in rest)
        {
            var answer = await AskOneAsync(id, priority, cancellation);
            if (answer.IsOk)
            {
                Take(answer.Value, found);
            }
            else if (answer.Outcome == PagerDutyOutcome.NotFound)
            {
                found[id] = new ServiceFacts { Id = id, Exists = false, Name = id, AsOf = answer.AsOf };
            }

            var outcome = answer.Outcome is PagerDutyOutcome.NotFound ? PagerDutyOutcome.Ok : answer.Outcome;
            report = report.And(new RefreshReport(outcome, outcome == PagerDutyOutcome.Ok ? "" : answer.Message, 1, 0));
            forbidden += outcome == PagerDutyOutcome.Forbidden ? 1 : 0;
            if (outcome is PagerDutyOutcome.Unauthorized or PagerDutyOutcome.Unavailable
                || (forbidden >= MaxForbidden && found.Count == 0))
            {
                break;
            }
        }

        // A key that may read some services only is not a refused key; those that it may not read grow old.
        return report.Outcome == PagerDutyOutcome.Forbidden && found.Count > 0
            ? report with
            {
                Outcome = PagerDutyOutcome.Rejected,
                Message = $"The key may not read {forbidden} of {serviceIds.Count} services: {report.Message}",
            }
            : report;
    }

    /// <summary>Asks for one service; a loss is believed only when PagerDuty says so twice.</summary>
    public async Task<PagerDutyResult<ServiceAnswer>> AskOneAsync(
        string id, RequestPriority priority, CancellationToken cancellation)
    {
        var answer = await feed.Client.GetServiceAsync(id, priority, cancellation);
        return answer.Outcome == PagerDutyOutcome.NotFound
            && feed.Publisher.Current.Services.TryGetValue(id, out var known) && known.Exists
                ? await feed.Client.GetServiceAsync(id, priority, cancellation)
                : answer;
    }

    private void Take(ServiceAnswer answer, Dictionary<string, ServiceFacts> found)
    {
        found[answer.Facts.Id] = answer.Facts;
        feed.NamePolicy(answer);
    }
}
