namespace Border0.PdSidecar.PagerDuty.Budget;

/// <summary>What a request is for. PagerDuty limits <c>GET /oncalls</c> apart from the rest of a key's requests.</summary>
public enum RequestLane
{
    /// <summary>Open incidents.</summary>
    Incidents,

    /// <summary>On-call shifts.</summary>
    OnCall,

    /// <summary>Services.</summary>
    Services,

    /// <summary>Anything else.</summary>
    Other,
}
