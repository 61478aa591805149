using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using Decision = Border0.PdSidecar.Engine.Evaluation.Decision;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>What happens to a session after it was opened.</summary>
public sealed partial class SessionRegistry
{
    /// <summary>How often a session that rests on facts is looked at, so that the journal knows roughly how fresh they were.</summary>
    private static readonly TimeSpan FactsRecordInterval = TimeSpan.FromMinutes(5);

    /// <summary>Evaluates a session again and does what follows. Its lock is held.</summary>
    /// <param name="session">The session.</param>
    /// <param name="trigger">What made it be looked at.</param>
    /// <param name="alike">What was decided on others because of the same change; null where there are none.</param>
    /// <returns>The decision of now, whatever it led to.</returns>
    private Decision Reevaluate(OpenSession session, Trigger trigger, AlikeSessions? alike = null)
    {
        var kind = alike?.Decide(session, _policies.Current, _facts.Current);
        var decision = kind?.For(session) ?? Decide(session.Request, EvaluationPurpose.RunningSession, session.Opened);
        if (decision.Allowed)
        {
            Keep(session, decision);
        }
        else if (session.GraceUntil is null && HoldUntil(session, decision) is { } hold && decision.At < hold)
        {
            // PagerDuty has not been heard about this service yet (a restart, a policy that names another one): what was known
            // counts for as long as it would have counted if it had only grown old.
            session.Due = Earlier(LeaseEnd(session), hold);
            Queue(session);
            return decision;
        }
        else
        {
            Lose(session, decision, trigger, kind);
        }

        if (!session.Ended)
        {
            Schedule(session);
        }

        return decision;
    }

    private void Keep(OpenSession session, in Decision decision)
    {
        // Of a session from before a restart only the policies are known that granted it.
        var lost = session.Standing is { } standing
            ? Grants.IsLess(decision.Grants, standing.Grants)
            : session.PolicyNames.Except(decision.Grants.PolicyNames).Any();
        var regranted = !session.PolicyNames.SequenceEqual(decision.Grants.PolicyNames);
        (session.GraceUntil, session.Pending) = (null, null);
        Allow(session, decision);
        if (lost)
        {
            var changed = new SessionActionsChanged
            {
                SessionKey = session.SessionKey,
                SocketId = session.Request.SocketId,
                UserEmail = session.Request.UserEmail,
                ServiceAccount = session.Request.ServiceAccount,
                ReasonAdmin = $"Granted from now on by: {string.Join(", ", decision.Grants.PolicyNames)}.",
                DecisionTime = decision.At.ToTimestamp(),
            };
            changed.AllowedActions.Add(decision.Grants.Actions.ToDictionary());
            changed.Permissions.Add(decision.Grants.Permissions.ToDictionary());
            Emit(session, new WatchSessionsResponse { SessionActionsChanged = changed });
        }

        if (regranted || decision.FactsTime - (session.RecordedFactsTime ?? DateTimeOffset.MinValue) > FactsRecordInterval / 5)
        {
            Record(session);
        }
    }

    private void Lose(OpenSession session, in Decision decision, Trigger trigger, AlikeSessions.Kind? kind)
    {
        var now = decision.At;
        if (session.GraceUntil is { } until)
        {
            if (now >= until)
            {
                session.Pending!.DecisionTime = now.ToTimestamp();
                Revoke(session, session.Pending);
            }

            return;
        }

        var end = now + GraceOf(session);
        if (end <= now && kind?.LossOf(session) is var (told, body))
        {
            Revoke(session, told, now, body, isOneOfMany: true);
            return;
        }

        var loss = Evaluator.ExplainLoss(session.PolicyNames, decision, session.Request);
        var revoked = RevocationCauses.EventFor(session, loss, trigger, now);
        if (session.Standing is null && session.WarnedOf is { } announced && announced < end)
        {
            // A restart does not prolong what was announced before it.
            end = announced;
        }

        if (end <= now)
        {
            Revoke(session, revoked, now, kind?.Told(session, revoked), isOneOfMany: trigger is Trigger.Facts or Trigger.Policies);
            return;
        }

        (session.GraceUntil, session.Pending) = (end, revoked);
        if (session.WarnedOf != end)
        {
            Warn(session, end, revoked.Cause, revoked.PolicyName, revoked.ReasonAdmin, revoked.ReasonUser);
        }
    }

    private TimeSpan GraceOf(OpenSession session) => session.Standing is { } standing
        ? standing.RevocationGrace
        : GrantedBy(session, _policies.Current).Select(p => p.RevocationGrace).DefaultIfEmpty().Max();

    /// <summary>The policies that granted a session last and still reach its socket.</summary>
    private static IEnumerable<CompiledPolicy> GrantedBy(OpenSession session, PolicySnapshot policies)
    {
        var request = session.Request;
        return policies.Of(request.OrganizationId) is { } organization
            ? session.PolicyNames.Select(n => organization.ByName.GetValueOrDefault(n)).OfType<CompiledPolicy>()
                .Where(p => p.Reaches(request.SocketId, request.SocketTags))
            : [];
    }

    /// <summary>Until when a session is kept although nothing is known; null when that is not the case. Its lock is held.</summary>
    private static DateTimeOffset? HoldUntil(OpenSession session, in Decision decision)
    {
        if (BoundOfUnknown(session, decision) is not { } bound)
        {
            return null;
        }

        if (session.KnownLast is null)
        {
            session.KnownLast = session.FactsTime ?? decision.At;
            if (session.Standing is { } standing)
            {
                // Where policies changed, those of before tell on how fresh facts it was allowed until now.
                var before = Evaluator.Evaluate(
                    standing.Policies, decision.Facts, session.Request, EvaluationPurpose.RunningSession, decision.At, session.Opened);
                session.KnownLast = before.Allowed ? before.FactsTime ?? decision.At : session.KnownLast;
            }
        }

        return session.KnownLast + bound;
    }

    /// <summary>
    /// How long a session may be kept on what was known last, when a policy that granted it (any, where none is known to have) is
    /// denied only because PagerDuty has not been heard of; null otherwise: another policy that is not known yet never allowed it.
    /// </summary>
    private static TimeSpan? BoundOfUnknown(OpenSession session, in Decision decision)
    {
        if (session.PolicyNames.Count == 0)
        {
            return decision.AwaitsFacts ? decision.Policies.Integration(decision.UnknownService.Integration)?.SessionMaxStaleness : null;
        }

        foreach (var policy in GrantedBy(session, decision.Policies))
        {
            if (Evaluator.CodeOf(policy, decision, session.Request) is ReasonCode.FactsUnknown or ReasonCode.IntegrationUnauthorized)
            {
                return policy.Conditions.Where(c => !c.IsNoOp && !c.Shadow).Min(c => c.Settings?.SessionMaxStaleness);
            }
        }

        return null;
    }

    /// <summary>Makes a decision the session's own. Its lock is held.</summary>
    private void Allow(OpenSession session, in Decision decision) => session.Rest(_shared.Standing(decision), decision);

    /// <summary>Ends a session with its event. Its lock is held.</summary>
    private long Revoke(OpenSession session, SessionRevoked revoked) => Revoke(session, revoked, _time.GetUtcNow(), null, isOneOfMany: false);

    /// <summary>Ends a session with its event. Its lock is held.</summary>
    /// <param name="session">The session.</param>
    /// <param name="revoked">The event.</param>
    /// <param name="now">When.</param>
    /// <param name="body">The event's bytes, but for the session's key; null to make them.</param>
    /// <param name="isOneOfMany">Whether one change may end many.</param>
    private long Revoke(OpenSession session, SessionRevoked revoked, DateTimeOffset now, byte[]? body, bool isOneOfMany)
    {
        // Ended first, out of the table last: who opens the key anew finds it final, and comes after this in the journal and the log.
        session.Ended = true;
        DateTimeOffset? finalUntil = RevocationCauses.IsFinal(revoked.Cause) ? now + _options.SessionLease : null;
        if (finalUntil is { } until)
        {
            _final.Add(session.Request.OrganizationId, session.SessionKey, until);
        }

        var removed = new JournalEntry.SessionRemoved(session.Request.OrganizationId, session.SessionKey, finalUntil);
        var revision = session.Log.Append(body ?? WatchMessage.BodyOf(revoked), session.SessionKey, now, removed);
        Forget(session);
        _revocations?.Revoked(session.Request, session.ConnectorId, revoked, revision);
        SessionMetrics.Revocations.Add(1, new KeyValuePair<string, object?>("cause", revoked.Cause.ToString()));

        // One change may end ten thousand sessions: the log then tells how many, and at debug level which.
        SessionRevokedEvent(isOneOfMany ? LogLevel.Debug : LogLevel.Information, session.Request.OrganizationId, session.ConnectorId, session.SessionKey, revoked.Cause, revoked.PolicyName, revision);
        return revision;
    }

    private long Emit(OpenSession session, WatchSessionsResponse message) => session.Log.Append(message, _time.GetUtcNow());

    private void WhenFactsChanged(FactsChange change)
    {
        foreach (var service in change.ServiceIds)
        {
            LookAgain(_byService.Of(new ServiceKey(change.Integration, service)), Trigger.Facts, $"service {service} of integration {change.Integration}");
        }
    }

    private void WhenPoliciesChanged(PolicyChange change) =>
        LookAgain(_sessions.Select(s => s.Value).Where(s => change.Concerns(s.Request)), Trigger.Policies, "policies or integrations");

    private void LookAgain(IEnumerable<OpenSession> sessions, Trigger trigger, string what)
    {
        OpenSession? first = null;
        var revoked = 0;
        var alike = new AlikeSessions(_time);
        foreach (var session in sessions)
        {
            if (LookAgain(session, trigger, alike))
            {
                first ??= session;
                revoked++;
            }
        }

        if (first is not null)
        {
            SessionsRevokedTogether(revoked, what, first.SessionKey, first.ConnectorId);
        }
    }

    /// <returns>Whether this ended it.</returns>
    private bool LookAgain(OpenSession session, Trigger trigger, AlikeSessions? alike = null)
    {
        lock (session.Lock)
        {
            if (session.Ended)
            {
                return false;
            }

            if (trigger is Trigger.Policies or Trigger.Restart)
            {
                _byService.Put(session, Evaluator.DependenciesOf(_policies.Current, session.Request));
            }

            Reevaluate(session, trigger, alike);
            return session.Ended;
        }
    }
}
