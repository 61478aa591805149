namespace Border0.PdSidecar.Engine.Facts;

/// <summary>What is known of a PagerDuty service itself.</summary>
public sealed record ServiceFacts
{
    /// <summary>PagerDuty's opaque id.</summary>
    public required string Id { get; init; }

    /// <summary>False when PagerDuty says that there is no such service (404); everything else is then empty.</summary>
    public required bool Exists { get; init; }

    /// <summary>The name; the id when PagerDuty gave none.</summary>
    public required string Name { get; init; }

    /// <summary>PagerDuty's status (active, warning, critical, maintenance, disabled). Not usable as "has an incident".</summary>
    public string Status { get; init; } = "";

    /// <summary>The escalation policy that the service uses now; null when it has none or it was deleted.</summary>
    public string? EscalationPolicyId { get; init; }

    /// <summary>The instant at which this was true: when the request for it was sent.</summary>
    public required DateTimeOffset AsOf { get; init; }

    /// <summary>Whether both say the same of PagerDuty, whatever their age.</summary>
    public bool SaysTheSameAs(ServiceFacts other) => this with { AsOf = default } == other with { AsOf = default };
}
