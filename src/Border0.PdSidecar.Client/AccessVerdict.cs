namespace Border0.PdSidecar.Client;

/// <summary>What a connector does with a connection.</summary>
public enum AccessVerdict
{
    /// <summary>There is no decision: the sidecar could not be asked, or answered nothing that is understood. Refuse the connection.</summary>
    Unavailable = 0,

    /// <summary>The sidecar allows it.</summary>
    Allow = 1,

    /// <summary>The sidecar denies it. Refuse the connection.</summary>
    Deny = 2,
}
