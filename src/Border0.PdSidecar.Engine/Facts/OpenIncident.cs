using System.Collections.Immutable;

namespace Border0.PdSidecar.Engine.Facts;

/// <summary>An incident that is triggered or acknowledged.</summary>
public sealed record OpenIncident
{
    /// <summary>PagerDuty's opaque id.</summary>
    public required string Id { get; init; }

    /// <summary>The number people use ("#1234"); 0 when not known.</summary>
    public int Number { get; init; }

    /// <summary>The title, or empty.</summary>
    public string Title { get; init; } = "";

    /// <summary>True when acknowledged, false when triggered.</summary>
    public bool Acknowledged { get; init; }

    /// <summary>Users the incident is assigned to.</summary>
    public ImmutableArray<PagerDutyUser> Assignees { get; init; } = [];

    /// <summary>Users who have acknowledged it.</summary>
    public ImmutableArray<PagerDutyUser> Acknowledgers { get; init; } = [];

    /// <inheritdoc/>
    public bool Equals(OpenIncident? other) =>
        other is not null && Id == other.Id && Number == other.Number && Title == other.Title
        && Acknowledged == other.Acknowledged
        && Assignees.AsSpan().SequenceEqual(other.Assignees.AsSpan())
        && Acknowledgers.AsSpan().SequenceEqual(other.Acknowledgers.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Number, Acknowledged);
}
