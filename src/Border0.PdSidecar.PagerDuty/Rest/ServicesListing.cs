using System.Collections.Immutable;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>A page of an account's services.</summary>
/// <param name="Services">Ordered by name.</param>
/// <param name="NextOffset">Where the next page starts; null when this is the last.</param>
public sealed record ServicesListing(ImmutableArray<ServiceAnswer> Services, int? NextOffset);
