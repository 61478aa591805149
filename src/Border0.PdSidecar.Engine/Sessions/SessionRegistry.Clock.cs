using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>What happens to a session at a known instant: its end, the announcement of it, its lease.</summary>
public sealed partial class SessionRegistry
{
    /// <summary>How soon after its opening the end of a session is announced.</summary>
    private static readonly TimeSpan EarliestWarning = TimeSpan.FromSeconds(1);

    /// <summary>Works out when a session is to be looked at next, and has it looked at then. Its lock is held.</summary>
    private void Schedule(OpenSession session)
    {
        var due = LeaseEnd(session);
        if (session.GraceUntil is { } grace)
        {
            due = Earlier(due, grace);
        }
        else
        {
            due = Earlier(due, session.Standing?.NextChange);
            if (session.FactsTime is not null)
            {
                due = Earlier(due, session.AllowedAt + FactsRecordInterval);
            }

            if (WarningOf(session) is { } warning)
            {
                due = Earlier(due, warning);
            }
        }

        session.Due = due;
        Queue(session);
    }

    private void Queue(OpenSession session)
    {
        if (session.Due < session.Queued)
        {
            // One that stands for later stays where it is: it looks, finds nothing due, and goes.
            session.Queued = session.Due;
            _due.Add(session, session.Due);
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset left, DateTimeOffset? right) => right is { } r && r < left ? r : left;

    private DateTimeOffset LeaseEnd(OpenSession session)
    {
        var (heard, log) = (session.LastSeen, session.Log);
        heard = log.IsWatched ? _time.GetUtcNow() : log.LastHeard > heard ? log.LastHeard : heard;
        return heard + _options.SessionLease;
    }

    /// <summary>When the known end of a session is to be announced; null when it was, or there is none.</summary>
    private DateTimeOffset? WarningOf(OpenSession session)
    {
        if (session.Standing?.ValidUntil is not { } end || _options.ExpiringWarning == TimeSpan.Zero || session.WarnedOf == end)
        {
            return null;
        }

        // Of a session that is opened so late its own allow tells the end; an event at once could overtake that answer.
        var warning = end - _options.ExpiringWarning;
        var earliest = session.Opened + EarliestWarning;
        return warning > earliest ? warning : earliest < end ? earliest : null;
    }

    private void WhenDue(OpenSession session)
    {
        lock (session.Lock)
        {
            session.Queued = DateTimeOffset.MaxValue;
            if (session.Ended)
            {
                return;
            }

            var now = _time.GetUtcNow();
            if (session.Due > now)
            {
                Queue(session);
                return;
            }

            if (LeaseEnd(session) <= now)
            {
                Revoke(session, SessionReasons.Abandoned(session, _options.SessionLease, now));
                return;
            }

            Reevaluate(session, Trigger.Clock);
            if (!session.Ended && session.GraceUntil is null && WarningOf(session) is { } warning && warning <= now)
            {
                Announce(session);
                Schedule(session);
            }
        }
    }

    private void Announce(OpenSession session)
    {
        var allowed = session.Allowed;
        var end = allowed.ValidUntil!.Value;
        var then = Evaluator.Evaluate(
            allowed.Policies, allowed.Facts, session.Request, EvaluationPurpose.RunningSession, end, session.Opened);
        var loss = Evaluator.ExplainLoss(session.PolicyNames, then, session.Request);
        var cause = RevocationCauses.EventFor(session, loss, Trigger.Clock, end).Cause;
        Warn(session, end, cause, loss.PolicyName, $"Known end at {end:u}: {loss.ReasonAdmin}", "This access ends soon.");
        session.WarnedOf = allowed.ValidUntil;
    }

    private void Warn(OpenSession session, DateTimeOffset end, RevocationCause cause, string policy, string admin, string user)
    {
        session.WarnedOf = end;
        Emit(session, new WatchSessionsResponse
        {
            SessionExpiring = new SessionExpiring
            {
                SessionKey = session.SessionKey,
                SocketId = session.Request.SocketId,
                UserEmail = session.Request.UserEmail,
                ServiceAccount = session.Request.ServiceAccount,
                ExpireTime = end.ToTimestamp(),
                Cause = cause,
                PolicyName = policy,
                ReasonAdmin = admin,
                ReasonUser = user,
            },
        });
    }
}
