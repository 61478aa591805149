using System.Collections.Immutable;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>Facts that PagerDuty stated.</summary>
/// <typeparam name="T">The kind of facts.</typeparam>
/// <param name="Facts">One entry for each id asked about, in that order, but for those that damaged rows were about.</param>
/// <param name="Requests">Requests it took.</param>
public sealed record Fetched<T>(ImmutableArray<T> Facts, int Requests)
{
    /// <summary>One sentence on rows that lack what they must have; empty when there were none.</summary>
    public string Damage { get; init; } = "";
}
