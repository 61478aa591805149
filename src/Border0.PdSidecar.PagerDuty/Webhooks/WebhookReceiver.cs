using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Feeds;

namespace Border0.PdSidecar.PagerDuty.Webhooks;

/// <summary>Takes PagerDuty's V3 webhooks: checks the signature, drops duplicates, applies what is said to the facts.</summary>
public sealed class WebhookReceiver
{
    /// <summary>Bytes of a delivery's body at most (PagerDuty's own client reads up to 2 MiB; PagerDuty sends at most 256 KB).</summary>
    public const int MaxBodyBytes = 2 * 1024 * 1024;

    /// <summary>Receives for the integrations of <paramref name="feeds"/>.</summary>
    public WebhookReceiver(PagerDutyFeeds feeds) => throw new NotImplementedException();

    /// <summary>Takes one delivery. Never throws for what the sender sent; quick, since PagerDuty wants an answer in 5 s.</summary>
    /// <param name="integration">The integration named by the path.</param>
    /// <param name="signatureHeader">The <c>X-PagerDuty-Signature</c> header; null or empty when missing.</param>
    /// <param name="webhookIdHeader">The <c>X-Webhook-Id</c> header, the same at every retry; null when missing.</param>
    /// <param name="body">The body's unaltered bytes.</param>
    public WebhookOutcome Receive(
        IntegrationKey integration, string? signatureHeader, string? webhookIdHeader, ReadOnlyMemory<byte> body) =>
        throw new NotImplementedException();
}
