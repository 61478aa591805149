using Border0.PdSidecar.Engine.Facts;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>What a webhook last said of one incident.</summary>
/// <param name="IncidentId">PagerDuty's id.</param>
/// <param name="ServiceId">The service it belongs to since.</param>
/// <param name="Open">The incident as it is since; null when it is resolved.</param>
/// <param name="OccurredAt">When, by PagerDuty's clock; orders the events of an incident.</param>
/// <param name="EventTime">When, by our clock at the latest: a poll that began well after it knows better.</param>
internal sealed record OverlaidIncident(
    string IncidentId, string ServiceId, OpenIncident? Open, DateTimeOffset OccurredAt, DateTimeOffset EventTime);
