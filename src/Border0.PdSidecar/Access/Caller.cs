using Border0.PdSidecar.DecisionLog;
using Grpc.Core;

namespace Border0.PdSidecar.Access;

/// <summary>
/// Somebody who calls: known once for a connection, a certificate or a token, and the same object for all of its calls at a listener. It
/// can end, at once and for good; its calls are refused and its streams ended from then on. Thread-safe.
/// </summary>
/// <param name="kind">How it is known: "unix", "loopback", "token" or "certificate".</param>
/// <param name="description">Who it is in a sentence: "token bastion-1 (3f9c2a17b0)".</param>
/// <param name="roles">What it may do.</param>
/// <param name="connectorId">The only connector id that it may use; null for any.</param>
/// <param name="end">Its end; null where it has none.</param>
internal sealed class Caller(string kind, string description, Roles roles, string? connectorId = null, CallerEnd? end = null)
{
    private volatile Caller[] _elsewhere = [];

    /// <summary>How it is known: "unix", "loopback", "token" or "certificate".</summary>
    public string Kind => kind;

    /// <summary>Who it is in a sentence.</summary>
    public string Description => description;

    /// <summary>What it may do.</summary>
    public Roles Roles => roles;

    /// <summary>The only connector id that it may use; null for any.</summary>
    public string? ConnectorId => connectorId;

    /// <summary>The token's or certificate's name, or empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>The token's id, or empty.</summary>
    public string Id { get; init; } = "";

    /// <summary>The user id of the process at the other end of a Unix socket; null where it is not known.</summary>
    public uint? Uid { get; init; }

    /// <summary>The listener that it calls at, by its key in the configuration; empty where that is not known.</summary>
    public string Listener { get; private init; } = "";

    /// <summary>Who it is, as it stands in the decision log.</summary>
    public byte[] Record => field ??= ActorRecord.Of(this);

    /// <summary>Why it is accepted no longer, as a sentence; null while it is.</summary>
    public string? Ended => end?.Why;

    /// <summary>Is cancelled when it is accepted no longer, which ends its streams.</summary>
    public CancellationToken Ends => end?.Token ?? CancellationToken.None;

    /// <summary>The caller of a call that the gatekeeper let in.</summary>
    public static Caller Of(ServerCallContext context) => Of(context.GetHttpContext());

    /// <summary>The caller of a request that the gatekeeper let in.</summary>
    public static Caller Of(HttpContext http) =>
        ConnectionCallers.Of(http)?.Resolve(http.Request.Headers.Authorization).Caller ?? throw AccessErrors.CredentialsRequired();

    /// <summary>The connector id that a request is made for: this caller's own, where it has one.</summary>
    /// <param name="requested">What the request names, or empty.</param>
    /// <exception cref="RpcException">PERMISSION_DENIED: it is another's.</exception>
    public string ConnectorFor(string requested) =>
        connectorId is null ? requested
        : requested.Length == 0 || requested == connectorId ? connectorId
        : throw AccessErrors.NotYourConnector(this, requested);

    /// <summary>The same caller, known to call at a listener: one object for each of the few that there are.</summary>
    public Caller At(string listener)
    {
        if (Listener == listener)
        {
            return this;
        }

        foreach (var known in _elsewhere)
        {
            if (known.Listener == listener)
            {
                return known;
            }
        }

        var made = new Caller(kind, description, roles, connectorId, end) { Name = Name, Id = Id, Uid = Uid, Listener = listener };
        _elsewhere = [.. _elsewhere, made];
        return made;
    }

    /// <inheritdoc/>
    public override string ToString() => description;
}
