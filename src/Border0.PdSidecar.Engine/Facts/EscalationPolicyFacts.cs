using System.Collections.Immutable;

namespace Border0.PdSidecar.Engine.Facts;

/// <summary>Who is on call for an escalation policy, now and for some hours ahead.</summary>
public sealed record EscalationPolicyFacts
{
    /// <summary>PagerDuty's opaque id.</summary>
    public required string Id { get; init; }

    /// <summary>The policy's name; the id when PagerDuty gave none.</summary>
    public required string Name { get; init; }

    /// <summary>Every known shift that overlaps [<see cref="AsOf"/>, <see cref="KnownUntil"/>), in PagerDuty's order.</summary>
    public ImmutableArray<OnCallShift> Shifts { get; init; } = [];

    /// <summary>The instant at which this was true: when the first request for it was sent.</summary>
    public required DateTimeOffset AsOf { get; init; }

    /// <summary>Shifts that start later than this are not known.</summary>
    public required DateTimeOffset KnownUntil { get; init; }

    /// <summary>Whether both say the same of PagerDuty, whatever their age and horizon.</summary>
    public bool SaysTheSameAs(EscalationPolicyFacts other) =>
        Id == other.Id && Name == other.Name && Shifts.AsSpan().SequenceEqual(other.Shifts.AsSpan());
}
