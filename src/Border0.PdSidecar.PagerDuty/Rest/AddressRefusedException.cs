namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>A name leads to an address that no key is sent to. The message is for the integration's status.</summary>
internal sealed class AddressRefusedException(string message) : IOException(message)
{
    /// <summary>Whether this is why something failed.</summary>
    public static AddressRefusedException? In(Exception exception) => exception as AddressRefusedException ?? exception.InnerException as AddressRefusedException;
}
