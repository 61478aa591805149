namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>What a refresh brings.</summary>
public enum RefreshKind
{
    /// <summary>Open incidents.</summary>
    Incidents,

    /// <summary>On-call shifts.</summary>
    OnCall,

    /// <summary>Services: their existence and their escalation policy.</summary>
    Services,
}
