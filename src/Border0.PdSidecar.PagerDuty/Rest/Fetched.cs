using System.Collections.Immutable;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>Facts that PagerDuty stated, one entry for each id asked about.</summary>
/// <typeparam name="T">The kind of facts.</typeparam>
/// <param name="Facts">One entry for each id asked about, in that order.</param>
/// <param name="Requests">Requests it took.</param>
public sealed record Fetched<T>(ImmutableArray<T> Facts, int Requests);
