namespace Border0.PdSidecar.Engine;

/// <summary>Names a PagerDuty service as seen through one integration.</summary>
/// <param name="Integration">The integration whose account has the service.</param>
/// <param name="ServiceId">PagerDuty's opaque id of the service.</param>
public readonly record struct ServiceKey(IntegrationKey Integration, string ServiceId)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Integration}/{ServiceId}";
}
