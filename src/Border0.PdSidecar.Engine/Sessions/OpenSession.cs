using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;
using Decision = Border0.PdSidecar.Engine.Evaluation.Decision;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// One open session. What changes of it is changed under <see cref="Lock"/> by the registry only; once <see cref="Ended"/> it
/// changes no more.
/// </summary>
internal sealed class OpenSession(string connectorId, string sessionKey, AccessRequest request, DateTimeOffset opened)
{
    private long _lastSeenTicks = opened.UtcTicks;

    public Lock Lock { get; } = new();

    public string ConnectorId { get; } = connectorId;

    public string SessionKey { get; } = sessionKey;

    public AccessRequest Request { get; } = request;

    public DateTimeOffset Opened { get; } = opened;

    /// <summary>The last decision that allowed it.</summary>
    public Decision Allowed { get; set; }

    /// <summary>The policies that granted it last; those of the journal until it is evaluated again after a restart.</summary>
    public IReadOnlyList<string> PolicyNames { get; set; } = [];

    /// <summary>The instant of the oldest facts that it was last allowed on.</summary>
    public DateTimeOffset? FactsTime { get; set; }

    /// <summary>The services that its decision depends on, as they are indexed.</summary>
    public IReadOnlyCollection<ServiceKey> Services { get; set; } = [];

    /// <summary>It is over: no event follows.</summary>
    public bool Ended { get; set; }

    /// <summary>It is not allowed any more and ends then; null while it is allowed.</summary>
    public DateTimeOffset? GraceUntil { get; set; }

    /// <summary>What ends it once its grace is over.</summary>
    public SessionRevoked? Pending { get; set; }

    /// <summary>The end that a session_expiring was sent for.</summary>
    public DateTimeOffset? WarnedOf { get; set; }

    /// <summary>When it is to be looked at again.</summary>
    public DateTimeOffset Due { get; set; } = DateTimeOffset.MaxValue;

    /// <summary>The earliest instant that it stands in the due times for.</summary>
    public DateTimeOffset Queued { get; set; } = DateTimeOffset.MaxValue;

    /// <summary>When the connector last asked about it or listed it.</summary>
    public DateTimeOffset LastSeen
    {
        get => new(Interlocked.Read(ref _lastSeenTicks), TimeSpan.Zero);
        set => Interlocked.Exchange(ref _lastSeenTicks, value.UtcTicks);
    }

    /// <summary>Whether a request is for this very session.</summary>
    public bool IsFor(in AccessRequest request, string connectorId) =>
        ConnectorId == connectorId
        && Request.SocketId == request.SocketId
        && Request.UserEmail.Equals(request.UserEmail, StringComparison.OrdinalIgnoreCase)
        && Request.ServiceAccount.Equals(request.ServiceAccount, StringComparison.OrdinalIgnoreCase);
}
