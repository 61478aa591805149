using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>Reasons and events that come from the session itself rather than from a policy.</summary>
internal static class SessionReasons
{
    public static Reason Revoked(string sessionKey) => new()
    {
        Code = ReasonCode.SessionRevoked,
        Message = $"Session {sessionKey} was ended for good; connect with a new session key.",
    };

    public static Reason WatcherRequired(string connectorId) => new()
    {
        Code = ReasonCode.WatcherRequired,
        Message = $"Sessions are allowed only while connector {connectorId} watches them (WatchSessions), and it does not.",
    };

    public static SessionRevoked ByAdministrator(OpenSession session, string reason, DateTimeOffset now) => Event(
        session, RevocationCause.Administrator, $"An administrator ended the session: {reason}", "An administrator ended this session.", InitiatingEntity.Admin, now);

    public static SessionRevoked Abandoned(OpenSession session, TimeSpan lease, DateTimeOffset now) => Event(
        session,
        RevocationCause.Abandoned,
        $"Connector {session.ConnectorId} has not been heard of for {lease}.",
        "The connection to the access service was lost for too long.",
        InitiatingEntity.System,
        now);

    public static SessionRevoked Event(
        OpenSession session, RevocationCause cause, string admin, string user, InitiatingEntity entity, DateTimeOffset now) => new()
        {
            SessionKey = session.SessionKey,
            SocketId = session.Request.SocketId,
            UserEmail = session.Request.UserEmail,
            ServiceAccount = session.Request.ServiceAccount,
            Cause = cause,
            PolicyName = session.PolicyNames.Count > 0 ? session.PolicyNames[0] : "",
            ReasonAdmin = admin,
            ReasonUser = user,
            EventTime = now.ToTimestamp(),
            DecisionTime = now.ToTimestamp(),
            InitiatingEntity = entity,
        };
}
