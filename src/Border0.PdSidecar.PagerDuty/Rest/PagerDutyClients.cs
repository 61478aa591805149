using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>
/// Hands out one client, and with it one rate budget, per PagerDuty address and key, so that everything that uses a key
/// shares its limit. Safe from any thread.
/// </summary>
public sealed class PagerDutyClients : IDisposable
{
    /// <summary>Makes clients over the network.</summary>
    /// <param name="options">How PagerDuty is asked.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Where logs go.</param>
    /// <param name="handler">What sends; null: the network. Disposed of here.</param>
    public PagerDutyClients(
        PagerDutyClientOptions options, TimeProvider time, ILoggerFactory loggers, HttpMessageHandler? handler = null) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
