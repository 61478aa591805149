using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Rest;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>A refresh has ended, and what it brought is published.</summary>
/// <param name="Integration">The integration.</param>
/// <param name="Kind">What was refreshed.</param>
/// <param name="Outcome">How it went.</param>
public sealed record FeedRefreshed(IntegrationKey Integration, RefreshKind Kind, PagerDutyOutcome Outcome);
