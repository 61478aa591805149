using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Client;

/// <summary>
/// What a connector does with its sessions when told. Called one at a time, in the order of the sidecar's events, once for each;
/// never for a session that the connector itself has ended before.
/// </summary>
/// <remarks>
/// An exception is logged and the next event follows. A call that takes longer than <see cref="ConnectorOptions.HandlerPatience"/>
/// is left behind, so that one stuck session does not keep others from ending. Close the connection and return; do not wait for its
/// streams to drain.
/// </remarks>
public interface ISessionHandler
{
    /// <summary>End the session now. It has left <see cref="ConnectorClient"/> already; there is no need to report its end.</summary>
    ValueTask EndAsync(SessionEnd end, CancellationToken cancellation);

    /// <summary>The session is going to end at a known instant, unless something changes.</summary>
    ValueTask ExpiringAsync(SessionExpiring expiring, CancellationToken cancellation) => ValueTask.CompletedTask;

    /// <summary>The session goes on with less than it was granted.</summary>
    ValueTask ActionsChangedAsync(SessionActionsChanged changed, CancellationToken cancellation) => ValueTask.CompletedTask;
}
