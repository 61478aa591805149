namespace Border0.PdSidecar.Engine.Facts;

/// <summary>
/// What one refresh or webhook brought for one integration. Entries replace those of the same id; ids that are not
/// mentioned stay as they are.
/// </summary>
public sealed record FactsUpdate
{
    /// <summary>Services to put in.</summary>
    public IReadOnlyCollection<ServiceFacts> Services { get; init; } = [];

    /// <summary>Open incidents to put in, by service.</summary>
    public IReadOnlyCollection<IncidentFacts> Incidents { get; init; } = [];

    /// <summary>On-call shifts to put in, by escalation policy.</summary>
    public IReadOnlyCollection<EscalationPolicyFacts> EscalationPolicies { get; init; } = [];

    /// <summary>Services to forget, with their incidents, since no policy refers to them any more.</summary>
    public IReadOnlyCollection<string> ForgottenServices { get; init; } = [];

    /// <summary>Escalation policies to forget, since no service uses them any more.</summary>
    public IReadOnlyCollection<string> ForgottenEscalationPolicies { get; init; } = [];

    /// <summary>Whether PagerDuty refuses the key; null leaves what was known.</summary>
    public bool? Unauthorized { get; init; }
}
