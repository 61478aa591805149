namespace Border0.PdSidecar.PagerDuty.Budget;

/// <summary>Who waits for a request.</summary>
public enum RequestPriority
{
    /// <summary>A refresh loop: leaves the last tenth of the share to those who wait.</summary>
    Background,

    /// <summary>A person or a connection: may use the whole share.</summary>
    OnDemand,
}
