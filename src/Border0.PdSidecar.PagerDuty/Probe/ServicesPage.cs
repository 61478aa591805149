using System.Collections.Immutable;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.PagerDuty.Probe;

/// <summary>A page of an account's services.</summary>
/// <param name="Services">Ordered by name.</param>
/// <param name="NextOffset">Where the next page starts; null when this is the last.</param>
public sealed record ServicesPage(ImmutableArray<PagerDutyService> Services, int? NextOffset);
