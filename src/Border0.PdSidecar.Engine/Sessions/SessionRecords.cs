using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>Sessions in the forms that leave the registry: the journal's and the contract's.</summary>
internal static class SessionRecords
{
    public static JournalSession Of(OpenSession session)
    {
        var request = session.Request;
        var record = new EvaluateRequest
        {
            OrganizationId = request.OrganizationId,
            ConnectorId = session.ConnectorId,
            SessionKey = session.SessionKey,
            SocketId = request.SocketId,
            SocketType = request.SocketType,
            UserEmail = request.UserEmail,
            ServiceAccount = request.ServiceAccount,
            ClientIp = request.ClientAddress?.ToString() ?? "",
            ClientCountry = request.ClientCountry,
        };
        record.Groups.Add(request.Groups ?? []);
        record.SocketTags.Add(request.SocketTags?.ToDictionary() ?? []);
        return new JournalSession(record, session.Opened, session.FactsTime, session.PolicyNames);
    }

    public static Session ToContract(OpenSession session)
    {
        lock (session.Lock)
        {
            var standing = session.Standing;
            var listed = new Session
            {
                SessionKey = session.SessionKey,
                OrganizationId = session.Request.OrganizationId,
                ConnectorId = session.ConnectorId,
                SocketId = session.Request.SocketId,
                SocketType = session.Request.SocketType,
                UserEmail = session.Request.UserEmail,
                ServiceAccount = session.Request.ServiceAccount,
                ClientIp = session.Request.ClientAddress?.ToString() ?? "",
                OpenTime = session.Opened.ToTimestamp(),
                LastSeenTime = session.LastSeen.ToTimestamp(),
                ValidUntil = (session.GraceUntil ?? standing?.ValidUntil)?.ToTimestamp(),
                GraceUntil = session.GraceUntil?.ToTimestamp(),
            };
            listed.PolicyNames.Add(session.PolicyNames);
            if (standing is not null)
            {
                listed.AllowedActions.Add(standing.Grants.Actions.ToDictionary());
                listed.Reasons.Add(Evaluator.Explain(session.Allowed, session.Request));
            }

            if (session.Pending is { } pending)
            {
                listed.Reasons.Clear();
                listed.Reasons.Add(new Reason { PolicyName = pending.PolicyName, Condition = pending.Condition, Message = pending.ReasonAdmin });
            }

            return listed;
        }
    }
}
