using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Client.Watch;

/// <summary>A session that the connector holds. Changed under the lock of <see cref="HeldSessions"/> only.</summary>
internal sealed class HeldSession(EvaluateRequest request, DateTimeOffset opened)
{
    private volatile bool _endedByConnector;

    public string Key => Request.SessionKey;

    public EvaluateRequest Request { get; } = request;

    public DateTimeOffset? ValidUntil { get; set; }

    /// <summary>The log's revision when it was opened; events up to it are about an earlier session of the same key.</summary>
    public long Revision { get; set; }

    /// <summary>It was listed on subscribing, so that the sidecar may have taken it over after revoking it.</summary>
    public bool WasListed { get; set; }

    /// <summary>The connector ended it: its events are not delivered any more. Read from any thread.</summary>
    public bool EndedByConnector
    {
        get => _endedByConnector;
        set => _endedByConnector = value;
    }

    public ActiveSession ToActiveSession()
    {
        var active = new ActiveSession
        {
            SessionKey = Key,
            SocketId = Request.SocketId,
            SocketType = Request.SocketType,
            UserEmail = Request.UserEmail,
            ServiceAccount = Request.ServiceAccount,
            ClientIp = Request.ClientIp,
            ClientCountry = Request.ClientCountry,
            OpenTime = opened.ToTimestamp(),
        };
        active.Groups.Add(Request.Groups);
        active.SocketTags.Add(Request.SocketTags);
        return active;
    }

    public SessionEnd EndWith(SessionEndCause cause, string forUser, string forAdministrator, SessionRevoked? revocation = null) => new()
    {
        SessionKey = Key,
        Request = Request,
        Cause = cause,
        ReasonForUser = forUser,
        ReasonForAdministrator = forAdministrator,
        Revocation = revocation,
    };
}
