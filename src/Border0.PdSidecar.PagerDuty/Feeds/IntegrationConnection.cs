using System.Collections.Immutable;
using System.Text;
using Border0.PdSidecar.Engine;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>What is needed to keep one integration's facts fresh.</summary>
/// <param name="Key">The integration.</param>
/// <param name="ApiKey">PagerDuty's REST API key. Secret: never printed.</param>
/// <param name="BaseUrl">PagerDuty's address, e.g. <c>https://api.pagerduty.com</c>.</param>
/// <param name="WebhookSecrets">Secrets of the webhook subscriptions that deliver here. Secret: never printed.</param>
/// <param name="ServiceIds">The PagerDuty services that policies refer to: what is polled.</param>
public sealed record IntegrationConnection(
    IntegrationKey Key,
    string ApiKey,
    Uri BaseUrl,
    ImmutableArray<string> WebhookSecrets,
    IReadOnlySet<string> ServiceIds)
{
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Key = ").Append(Key).Append(", BaseUrl = ").Append(BaseUrl)
            .Append(", ServiceIds = ").Append(ServiceIds.Count);
        return true;
    }
}
