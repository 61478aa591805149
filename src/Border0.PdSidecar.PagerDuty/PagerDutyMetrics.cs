using System.Diagnostics;
using System.Diagnostics.Metrics;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Webhooks;

namespace Border0.PdSidecar.PagerDuty;

/// <summary>What this room counts, on the product's meter.</summary>
internal static class PagerDutyMetrics
{
    private static readonly Meter Meter = new("Border0.PdSidecar");

    /// <summary>Requests to PagerDuty by lane and outcome; retries of one request count once.</summary>
    public static readonly Counter<long> Requests = Meter.CreateCounter<long>(
        "pdsidecar.pagerduty.requests", "{request}", "Requests to PagerDuty by lane and outcome.");

    /// <summary>Refreshes by integration, kind and outcome, with the time each took.</summary>
    public static readonly Histogram<double> Refreshes = Meter.CreateHistogram<double>(
        "pdsidecar.pagerduty.refresh.duration", "s", "Refreshes of facts by kind and outcome.");

    /// <summary>Time between the starts of two refreshes, as reached.</summary>
    public static readonly Histogram<double> Intervals = Meter.CreateHistogram<double>(
        "pdsidecar.pagerduty.refresh.interval", "s", "Time between two refreshes as reached, by kind.");

    /// <summary>Services or policies asked once more because something seemed to have vanished, by whether it had.</summary>
    public static readonly Counter<long> Confirmations = Meter.CreateCounter<long>(
        "pdsidecar.pagerduty.confirmations", "{question}", "Second questions before a loss is believed, by answer.");

    /// <summary>Webhook deliveries by outcome.</summary>
    public static readonly Counter<long> Webhooks = Meter.CreateCounter<long>(
        "pdsidecar.webhooks", "{delivery}", "Webhook deliveries by integration and outcome.");

    /// <summary>An integration's deliveries are counted from zero on: an increase is only seen from a value that was seen.</summary>
    public static void BeginWebhooks(IntegrationKey integration)
    {
        foreach (var outcome in (WebhookOutcome[])[WebhookOutcome.Accepted, WebhookOutcome.BadSignature])
        {
            Webhooks.Add(0, new TagList { { "integration", integration.ToString() }, { "outcome", outcome.ToString() } });
        }
    }
}
