namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>How old the oldest facts in use of an integration are. Null: none of that kind are known or needed.</summary>
/// <param name="Incidents">Age of the oldest open-incident facts.</param>
/// <param name="OnCall">Age of the oldest on-call facts.</param>
/// <param name="Services">Age of the oldest service facts.</param>
public readonly record struct FactsAges(TimeSpan? Incidents, TimeSpan? OnCall, TimeSpan? Services);
