using System.Diagnostics.Metrics;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>What can be read off every feed at any moment, on the product's meter: cadence, rate limit, ages, silence.</summary>
internal sealed class FeedGauges : IDisposable
{
    private readonly Meter _meter = new("Border0.PdSidecar");

    public FeedGauges(Func<IEnumerable<PagerDutyFeed>> feeds, TimeProvider time)
    {
        Gauge("pdsidecar.pagerduty.cadence", "s", "Time between the starts of the last two refreshes, as reached.", () =>
            PerLoop(Polled(feeds()), l => l.Reached.TotalSeconds));
        Gauge("pdsidecar.pagerduty.cadence.target", "s", "Time wanted between two refreshes.", () =>
            PerLoop(Polled(feeds()), l => l.Target.TotalSeconds));
        Gauge("pdsidecar.pagerduty.rate.limit", "{request}", "Requests per minute that PagerDuty grants the key.", () =>
            PerFeed(Polled(feeds()), f => f.Client.Budget.ToContract().Limit));
        Gauge("pdsidecar.pagerduty.rate.remaining", "{request}", "Requests left in PagerDuty's current window.", () =>
            PerFeed(Polled(feeds()), f => f.Client.Budget.ToContract().Remaining));
        Gauge("pdsidecar.pagerduty.rate.sent", "{request}", "Requests sent with the key in the last 60 seconds.", () =>
            PerFeed(Polled(feeds()), f => f.Client.Budget.ToContract().RequestsLastMinute));
        Gauge("pdsidecar.facts.age", "s", "Age of the oldest facts that policies use.", () => feeds().SelectMany(f => Ages(f, time.GetUtcNow())));
        Gauge("pdsidecar.webhooks.silence", "s", "Time since the last accepted webhook, or since the feed began.", () =>
            PerFeed(feeds(), f => f.Webhooks.Silence(time.GetUtcNow()).TotalSeconds));
    }

    public void Dispose() => _meter.Dispose();

    /// <summary>Those whose cadence and budget are this sidecar's own, and not another's of the fleet.</summary>
    private static IEnumerable<PagerDutyFeed> Polled(IEnumerable<PagerDutyFeed> feeds) => feeds.Where(f => f.Turn.IsMine);

    private static IEnumerable<Measurement<double>> PerFeed(IEnumerable<PagerDutyFeed> feeds, Func<PagerDutyFeed, double> value) =>
        feeds.Select(f => new Measurement<double>(value(f), Of(f)));

    private static IEnumerable<Measurement<double>> PerLoop(IEnumerable<PagerDutyFeed> feeds, Func<RefreshLoop, double> value) =>
        feeds.SelectMany(f => f.Loops.Select(l => new Measurement<double>(value(l), Of(f), Of(l.Kind))));

    private static IEnumerable<Measurement<double>> Ages(PagerDutyFeed feed, DateTimeOffset now)
    {
        var oldest = OldestFacts.Of(feed);
        foreach (var (kind, asOf) in ((RefreshKind, DateTimeOffset?)[])
            [(RefreshKind.Incidents, oldest.Incidents), (RefreshKind.OnCall, oldest.OnCall), (RefreshKind.Services, oldest.Services)])
        {
            if (asOf is { } known)
            {
                yield return new Measurement<double>((now - known).TotalSeconds, Of(feed), Of(kind));
            }
        }
    }

    private static KeyValuePair<string, object?> Of(PagerDutyFeed feed) => new("integration", feed.Key.ToString());

    private static KeyValuePair<string, object?> Of(RefreshKind kind) => new("kind", kind.ToString());

    private void Gauge(string name, string unit, string description, Func<IEnumerable<Measurement<double>>> read) =>
        _meter.CreateObservableGauge(name, read, unit, description);
}
