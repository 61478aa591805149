using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Client.Watch;

/// <summary>One call of the handler.</summary>
/// <param name="Session">The session that it is about.</param>
/// <param name="End">It has to end, or null.</param>
/// <param name="Expiring">It is going to end, or null.</param>
/// <param name="Changed">It is granted less, or null.</param>
internal sealed record Delivery(
    HeldSession Session, SessionEnd? End = null, SessionExpiring? Expiring = null, SessionActionsChanged? Changed = null)
{
    /// <summary>Counts towards the bound on waiting events.</summary>
    public bool FromStream { get; init; }

    public ValueTask ToAsync(ISessionHandler handler, CancellationToken cancellation) =>
        End is not null ? handler.EndAsync(End, cancellation)
        : Expiring is not null ? handler.ExpiringAsync(Expiring, cancellation)
        : Changed is not null ? handler.ActionsChangedAsync(Changed, cancellation)
        : ValueTask.CompletedTask;
}
