using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>Reads the open incidents of an integration's services, and asks again before it believes a loss.</summary>
internal sealed class IncidentsRefresh(PagerDutyFeed feed)
{
    // Up to here each service that seems to have lost an incident is asked for alone; beyond, several at once.
    private const int MaxAlone = 8;

    /// <summary>Reads and publishes, batch by batch; a batch that fails publishes nothing.</summary>
    public async Task<RefreshReport> RunAsync(
        IEnumerable<string> serviceIds, RequestPriority priority, CancellationToken cancellation)
    {
        var report = RefreshReport.Nothing;
        foreach (var batch in feed.Client.IncidentBatches(serviceIds))
        {
            var answer = await feed.Client.ListOpenIncidentsAsync(batch, priority, cancellation);
            report = report.And(RefreshReport.Of(answer));
            if (answer.IsOk)
            {
                report = report.And(await PublishAsync(answer.Value.Facts, priority, cancellation));
            }
            else if (report.IsRefused)
            {
                break;
            }
        }

        return report;
    }

    private async Task<RefreshReport> PublishAsync(
        ImmutableArray<IncidentFacts> polled, RequestPriority priority, CancellationToken cancellation)
    {
        var known = feed.Publisher.Current.Incidents;
        var suspects = polled.Where(p => known.TryGetValue(p.ServiceId, out var k) && HasLost(k, p))
            .Select(p => p.ServiceId).ToHashSet(StringComparer.Ordinal);
        var first = polled.Where(p => suspects.Contains(p.ServiceId)).ToDictionary(p => p.ServiceId, StringComparer.Ordinal);
        var sure = polled.Where(p => !suspects.Contains(p.ServiceId)).ToList();
        feed.Publisher.Publish(incidents: sure);
        var report = new RefreshReport(PagerDutyOutcome.Ok, "", 0, sure.Count);
        foreach (var group in suspects.Order(StringComparer.Ordinal).Chunk(suspects.Count <= MaxAlone ? 1 : 20))
        {
            var again = await feed.Client.ListOpenIncidentsAsync([.. group], priority, cancellation);
            report = report.And(RefreshReport.Of(again));
            if (!again.IsOk)
            {
                // Better old facts, whose age counts, than a loss that one answer claims.
                continue;
            }

            foreach (var answer in again.Value.Facts)
            {
                PagerDutyMetrics.Confirmations.Add(
                    1,
                    new("kind", nameof(RefreshKind.Incidents)),
                    new KeyValuePair<string, object?>("lost", HasLost(known[answer.ServiceId], answer) ? "true" : "false"));
            }

            // Two answers must agree on what is gone. What only the second lacks is for the next look.
            var agreed = again.Value.Facts.Where(a => !HasLost(first[a.ServiceId], a)).ToList();
            feed.Publisher.Publish(incidents: agreed);
            report = report with { Items = report.Items + agreed.Count };
        }

        return report;
    }

    private bool HasLost(IncidentFacts known, IncidentFacts polled)
    {
        foreach (var incident in known.Open)
        {
            if (polled.Open.All(i => i.Id != incident.Id)
                && !feed.Publisher.WebhookSaidGone(incident.Id, polled.ServiceId, polled.AsOf))
            {
                return true;
            }
        }

        return false;
    }
}
