using System.Collections.Immutable;
using System.Diagnostics;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Feeds;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.PagerDuty.Webhooks;

/// <summary>Takes PagerDuty's V3 webhooks: checks the signature, drops duplicates, applies what is said to the facts.</summary>
/// <remarks>
/// An incident's change is applied at once and confirmed by a poll, which cannot undo it when it began too early. An event
/// that is older than what polls have seen since (PagerDuty repeats a delivery for up to 48 hours) only has PagerDuty
/// asked. Event types that are not known, and pings, are accepted without effect: refusing them would make PagerDuty switch
/// the subscription off.
/// </remarks>
public sealed partial class WebhookReceiver : IDisposable
{
    /// <summary>Bytes of a delivery's body at most (PagerDuty's own client reads up to 2 MiB; PagerDuty sends at most 256 KB).</summary>
    public const int MaxBodyBytes = 2 * 1024 * 1024;

    private readonly PagerDutyFeeds _feeds;
    private readonly SeenWebhooks _seen;

    /// <summary>Receives for the integrations of <paramref name="feeds"/>.</summary>
    public WebhookReceiver(PagerDutyFeeds feeds)
    {
        _feeds = feeds;
        _seen = new SeenWebhooks(feeds.Time);
    }

    /// <summary>Raised for every event that is new here and came from PagerDuty, after it was applied. Handlers must be quick.</summary>
    internal event Action<IntegrationKey, string?, WebhookEvent>? Heard;

    /// <summary>Counts a delivery that was not read to its end.</summary>
    /// <param name="outcome">Why: "TooLarge", "TooSlow" or "Busy".</param>
    public static void Unread(string outcome) => PagerDutyMetrics.Webhooks.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>Takes one delivery. Never throws for what the sender sent; quick, since PagerDuty wants an answer in 5 s.</summary>
    /// <param name="integration">The integration named by the path.</param>
    /// <param name="signatureHeader">The <c>X-PagerDuty-Signature</c> header; null or empty when missing.</param>
    /// <param name="webhookIdHeader">The <c>X-Webhook-Id</c> header, the same at every retry; null when missing.</param>
    /// <param name="body">The body's unaltered bytes.</param>
    public WebhookOutcome Receive(
        IntegrationKey integration, string? signatureHeader, string? webhookIdHeader, ReadOnlyMemory<byte> body)
    {
        if (_feeds.Find(integration) is not { } feed)
        {
            // Not tagged with the name, which anybody may make up.
            PagerDutyMetrics.Webhooks.Add(1, new KeyValuePair<string, object?>("outcome", "UnknownIntegration"));
            return WebhookOutcome.UnknownIntegration;
        }

        var outcome = Check(feed.Connection.WebhookSecrets, signatureHeader, body, out var happened, out var why);
        if (outcome == WebhookOutcome.Accepted)
        {
            feed.Webhooks.Accepted(_feeds.Time.GetUtcNow());
            if (_seen.IsNew(integration, webhookIdHeader, happened!.Id))
            {
                Take(feed, happened);
                Heard?.Invoke(integration, webhookIdHeader, happened);
            }
            else
            {
                outcome = WebhookOutcome.AcceptedDuplicate;
            }
        }
        else
        {
            feed.Webhooks.Refused(_feeds.Time.GetUtcNow(), why);
            WebhookRefused(_feeds.Logger, integration, outcome, why);
        }

        PagerDutyMetrics.Webhooks.Add(
            1, new TagList { { "integration", integration.ToString() }, { "outcome", outcome.ToString() } });
        return outcome;
    }

    /// <summary>Takes an event that PagerDuty delivered to another sidecar, which has checked it.</summary>
    internal void TakeFromFleet(IntegrationKey integration, string? webhookId, WebhookEvent happened)
    {
        if (_feeds.Find(integration) is { } feed && _seen.IsNew(integration, webhookId, happened.Id))
        {
            feed.Webhooks.Passed(_feeds.Time.GetUtcNow());
            Take(feed, happened);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _seen.Dispose();

    // The order of PagerDuty's own client: header there, body there, header well-formed, signature right.
    private static WebhookOutcome Check(
        ImmutableArray<string> secrets,
        string? header,
        ReadOnlyMemory<byte> body,
        out WebhookEvent? happened,
        out string why)
    {
        happened = null;
        why = "";
        if (string.IsNullOrWhiteSpace(header))
        {
            why = "the X-PagerDuty-Signature header is missing.";
            return WebhookOutcome.BadHeader;
        }

        if (body.IsEmpty)
        {
            why = "the body is empty.";
            return WebhookOutcome.BadBody;
        }

        if (body.Length > MaxBodyBytes)
        {
            why = "the body is too large.";
            return WebhookOutcome.TooLarge;
        }

        var signatures = WebhookSignature.Parse(header);
        if (signatures.Count == 0)
        {
            why = "the X-PagerDuty-Signature header holds no v1 signature.";
            return WebhookOutcome.BadHeader;
        }

        if (!WebhookSignature.Matches(signatures, secrets, body.Span))
        {
            why = secrets.IsEmpty
                ? "the integration has no webhook secret."
                : "no signature matches a webhook secret of the integration. Is the subscription's secret the stored one?";
            return WebhookOutcome.BadSignature;
        }

        if (!WebhookParser.TryParse(body, out happened))
        {
            why = "the body is no PagerDuty V3 webhook.";
            return WebhookOutcome.BadBody;
        }

        return WebhookOutcome.Accepted;
    }

    private void Take(PagerDutyFeed feed, WebhookEvent happened)
    {
        var effect = EventEffect.None;
        if (happened is { Incident: { } incident, OccurredAt: { } occurredAt })
        {
            effect = feed.Publisher.Publish(incident, occurredAt);
            var incidents = feed.Loop(RefreshKind.Incidents);
            if (effect is EventEffect.Look or EventEffect.AppliedInPart)
            {
                incidents.RequestWithin(TimeSpan.Zero);
            }

            if (effect is EventEffect.Applied or EventEffect.AppliedInPart)
            {
                incidents.RequestWithin(feed.Options.WebhookGrace);
                feed.Touched();
            }
        }
        else if (happened is { Incident: not null, OccurredAt: null })
        {
            // Without its instant an event cannot be ordered among the others.
            effect = EventEffect.Look;
            feed.Loop(RefreshKind.Incidents).RequestWithin(TimeSpan.Zero);
        }
        else if (happened.ServiceId is { } service && feed.Connection.ServiceIds.Contains(service))
        {
            // Says neither the escalation policy nor the status: the service is read anew.
            effect = EventEffect.Look;
            feed.Refetch(service);
        }

        WebhookTaken(_feeds.Logger, feed.Key, happened.Type, happened.Id, effect);
    }

    [LoggerMessage(
        Level = LogLevel.Information, EventName = "WebhookTaken", Message = "{Integration}: webhook {Type} {EventId}: {Effect}")]
    private static partial void WebhookTaken(
        ILogger logger, IntegrationKey integration, string type, string eventId, EventEffect effect);

    [LoggerMessage(
        Level = LogLevel.Warning, EventName = "WebhookRefused", Message = "{Integration}: webhook refused ({Outcome}): {Why}")]
    private static partial void WebhookRefused(ILogger logger, IntegrationKey integration, WebhookOutcome outcome, string why);
}
