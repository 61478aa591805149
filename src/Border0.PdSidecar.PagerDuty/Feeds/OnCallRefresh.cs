using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>Reads who is on call, and asks again before it believes that somebody no longer is.</summary>
internal sealed class OnCallRefresh(PagerDutyFeed feed)
{
    // Up to here each policy that seems to have lost somebody is asked for alone; beyond, several at once.
    private const int MaxAlone = 8;

    // Looks are 30 s apart; under a tight budget or trouble, some minutes.
    private static readonly TimeSpan LookAhead = TimeSpan.FromMinutes(5);

    /// <summary>Reads and publishes, batch by batch; a batch that fails publishes nothing.</summary>
    public async Task<RefreshReport> RunAsync(
        IEnumerable<string> policyIds, RequestPriority priority, CancellationToken cancellation)
    {
        var (report, _) = await FetchAsync(
            policyIds, facts => feed.Publisher.Publish(policies: facts), priority, cancellation);
        return report;
    }

    /// <summary>Reads without publishing: for policies that services are about to use.</summary>
    public async Task<(RefreshReport Report, ImmutableArray<EscalationPolicyFacts> Facts)> FetchAsync(
        IEnumerable<string> policyIds, RequestPriority priority, CancellationToken cancellation)
    {
        var all = ImmutableArray.CreateBuilder<EscalationPolicyFacts>();
        var (report, _) = await FetchAsync(policyIds, all.AddRange, priority, cancellation);
        return (report, all.ToImmutable());
    }

    private async Task<(RefreshReport Report, int Count)> FetchAsync(
        IEnumerable<string> policyIds,
        Action<IReadOnlyCollection<EscalationPolicyFacts>> take,
        RequestPriority priority,
        CancellationToken cancellation)
    {
        var report = RefreshReport.Nothing;
        var count = 0;
        foreach (var batch in feed.Client.OnCallBatches(policyIds))
        {
            var answer = await AskAsync(batch, priority, cancellation);
            report = report.And(RefreshReport.Of(answer));
            if (!answer.IsOk)
            {
                if (report.IsRefused)
                {
                    break;
                }

                continue;
            }

            var known = feed.Publisher.Current.EscalationPolicies;
            var suspects = answer.Value.Facts
                .Where(p => known.TryGetValue(p.Id, out var before) && HasLost(before, p))
                .Select(p => p.Id).ToHashSet(StringComparer.Ordinal);
            var first = answer.Value.Facts.Where(p => suspects.Contains(p.Id)).ToDictionary(p => p.Id, StringComparer.Ordinal);
            var sure = answer.Value.Facts.Where(p => !suspects.Contains(p.Id)).ToList();
            foreach (var group in suspects.Order(StringComparer.Ordinal).Chunk(suspects.Count <= MaxAlone ? 1 : 20))
            {
                var again = await AskAsync([.. group], priority, cancellation);
                report = report.And(RefreshReport.Of(again));
                foreach (var policy in again.Value?.Facts ?? [])
                {
                    // Two answers must agree on who is gone. Whom only the second lacks is for the next look.
                    if (!HasLost(first[policy.Id], policy))
                    {
                        sure.Add(policy);
                    }

                    PagerDutyMetrics.Confirmations.Add(
                        1,
                        new("kind", nameof(RefreshKind.OnCall)),
                        new KeyValuePair<string, object?>("lost", HasLost(known[policy.Id], policy) ? "true" : "false"));
                }
            }

            take(sure);
            count += sure.Count;
        }

        return (report with { Items = count }, count);
    }

    private Task<PagerDutyResult<Fetched<EscalationPolicyFacts>>> AskAsync(
        ImmutableArray<string> policyIds, RequestPriority priority, CancellationToken cancellation)
    {
        var now = feed.Time.GetUtcNow();
        return feed.Client.ListOnCallsAsync(
            policyIds, feed.PolicyNames, now, now + feed.Options.OnCallHorizon, priority, cancellation);
    }

    /// <summary>Whether somebody who should be on call, now or before the next look, is missing.</summary>
    private static bool HasLost(EscalationPolicyFacts known, EscalationPolicyFacts polled)
    {
        foreach (var shift in known.Shifts)
        {
            // A missed row of a shift that is about to begin would end a session at the hand-over to the same person.
            var at = shift.Start is { } start && start > polled.AsOf ? start : polled.AsOf;
            if (at - polled.AsOf < LookAhead && shift.Covers(at)
                && !polled.Shifts.Any(p => p.Covers(at)
                    && p.User.Id == shift.User.Id && p.User.Email == shift.User.Email
                    && p.EscalationLevel == shift.EscalationLevel && p.ScheduleId == shift.ScheduleId))
            {
                return true;
            }
        }

        return false;
    }
}
