using System.Collections.Immutable;

namespace Border0.PdSidecar.Engine.Facts;

/// <summary>The open incidents of one service.</summary>
public sealed record IncidentFacts
{
    /// <summary>PagerDuty's opaque id of the service.</summary>
    public required string ServiceId { get; init; }

    /// <summary>Every triggered or acknowledged incident, ordered by id.</summary>
    public ImmutableArray<OpenIncident> Open { get; init; } = [];

    /// <summary>The instant at which this was true: when the first request for it was sent.</summary>
    public required DateTimeOffset AsOf { get; init; }

    /// <summary>
    /// When the last change happened in PagerDuty, where a webhook told (its <c>occurred_at</c>); revocations quote it.
    /// </summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>Whether both say the same of PagerDuty, whatever their age.</summary>
    public bool SaysTheSameAs(IncidentFacts other) =>
        ServiceId == other.ServiceId && Open.AsSpan().SequenceEqual(other.Open.AsSpan());
}
