using System.Collections.Concurrent;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Microsoft.Extensions.Logging;
using Decision = Border0.PdSidecar.Engine.Evaluation.Decision;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// Owns the open sessions: opens them, evaluates them again when something changes, revokes them. Called from any thread.
/// </summary>
/// <remarks>
/// A session's changes happen under its own lock, and whoever changes it appends the event while holding that lock: so a session is
/// revoked once, and its events stand in the log in the order of its decisions. A session is registered first and decided upon
/// against the facts and policies of that moment afterwards: what changes later finds it.
/// </remarks>
public sealed partial class SessionRegistry : IDisposable
{
    private readonly ConcurrentDictionary<(string OrganizationId, string SessionKey), OpenSession> _sessions = new(SessionKeys.Comparer);
    private readonly SessionIndex _byService = new();
    private readonly Shared _shared = new();
    private readonly PolicyCatalog _policies;
    private readonly FactsStore _facts;
    private readonly ISessionJournal _journal;
    private readonly SessionOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IRevocationObserver? _revocations;
    private readonly ConnectorLogs _logs;
    private readonly FinalKeys _final;
    private readonly DueTimes<OpenSession> _due;
    private readonly SessionGauges _gauges;
    private int _open;

    /// <summary>Makes a registry without sessions; <see cref="StartAsync"/> brings back those of the journal.</summary>
    public SessionRegistry(
        PolicyCatalog policies,
        FactsStore facts,
        ISessionJournal journal,
        SessionOptions options,
        TimeProvider time,
        ILogger<SessionRegistry> logger,
        IRevocationObserver? revocations = null)
    {
        _revocations = revocations;
        (_policies, _facts, _journal, _options, _time, _logger) = (policies, facts, journal, options, time, logger);
        _logs = new ConnectorLogs(journal, options);
        _final = new FinalKeys(options.MaxFinalKeys);
        _due = new DueTimes<OpenSession>(time, WhenDue, static session => session.Ended);
        _gauges = new SessionGauges(() => Volatile.Read(ref _open), _logs);
    }

    /// <summary>Open sessions.</summary>
    public int Count => _sessions.Count;

    /// <summary>Whether a connector may begin to watch: it is known already, or there is room for one more.</summary>
    public bool HasRoomFor(string organizationId, string connectorId) => _logs.HasRoomFor(organizationId, connectorId);

    /// <summary>Decides on a connection and, with a session key, opens or re-evaluates its session.</summary>
    /// <param name="request">The connection.</param>
    /// <param name="connectorId">The connector; required with a session key.</param>
    /// <param name="sessionKey">The session's key, or empty.</param>
    public SessionEvaluation Evaluate(in AccessRequest request, string connectorId, string sessionKey)
    {
        var log = connectorId.Length == 0 ? null : _logs.Find(request.OrganizationId, connectorId);
        var revision = log?.Head ?? 0;
        if (sessionKey.Length == 0)
        {
            return new SessionEvaluation(false, Decide(request, EvaluationPurpose.NewConnection), null, revision, null);
        }

        var now = _time.GetUtcNow();
        if (log is not null)
        {
            log.LastHeard = now;
        }

        while (true)
        {
            if (_sessions.TryGetValue((request.OrganizationId, sessionKey), out var known))
            {
                if (Again(known, request, connectorId, revision) is { } again)
                {
                    return again;
                }

                // It ended meanwhile, and is about to be gone from the table.
                _sessions.TryRemove(new((request.OrganizationId, sessionKey), known));
                continue;
            }

            if (_final.Contains(request.OrganizationId, sessionKey, now))
            {
                return new SessionEvaluation(false, Decide(request, EvaluationPurpose.NewConnection), SessionReasons.Revoked(sessionKey), revision, null);
            }

            var decision = Decide(request, EvaluationPurpose.NewConnection);
            if (decision.Allowed && _options.RequireWatcher && log is not { IsWatched: true })
            {
                return new SessionEvaluation(false, decision, SessionReasons.WatcherRequired(connectorId), revision, null);
            }

            if (!decision.Allowed)
            {
                return new SessionEvaluation(false, decision, null, revision, null);
            }

            if (Open(request, connectorId, sessionKey, decision) is { } opened)
            {
                return opened with { Revision = revision };
            }
        }
    }

    /// <summary>The connector reports the end of a session.</summary>
    /// <returns>Whether it was open.</returns>
    public bool End(string organizationId, string connectorId, string sessionKey)
    {
        Heard(organizationId, connectorId);
        return _sessions.TryGetValue((organizationId, sessionKey), out var session) && session.ConnectorId == connectorId && Close(session);
    }

    /// <summary>Ends a session for good, on an administrator's word.</summary>
    /// <param name="organizationId">The organization.</param>
    /// <param name="connectorId">The connector, or empty for whichever holds it.</param>
    /// <param name="sessionKey">The session's key.</param>
    /// <param name="reason">Why, for the record and for the connector.</param>
    /// <returns>The revision of the event; null when no such session is open.</returns>
    public long? Revoke(string organizationId, string connectorId, string sessionKey, string reason)
    {
        if (!_sessions.TryGetValue((organizationId, sessionKey), out var session)
            || (connectorId.Length > 0 && session.ConnectorId != connectorId))
        {
            return null;
        }

        lock (session.Lock)
        {
            return session.Ended ? null : Revoke(session, SessionReasons.ByAdministrator(session, reason, _time.GetUtcNow()));
        }
    }

    /// <summary>Waits until the journal has everything that was decided so far.</summary>
    public Task FlushAsync(CancellationToken cancellation) => _journal.FlushAsync(cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        _facts.Changed -= WhenFactsChanged;
        _policies.Changed -= WhenPoliciesChanged;
        _due.Dispose();
        _gauges.Dispose();
    }

    private Decision Decide(in AccessRequest request, EvaluationPurpose purpose, DateTimeOffset? opened = null) =>
        Evaluator.Evaluate(_policies.Current, _facts.Current, request, purpose, _time.GetUtcNow(), opened);

    /// <summary>Decides again on an open session; null when it ended meanwhile.</summary>
    private SessionEvaluation? Again(OpenSession session, in AccessRequest request, string connectorId, long revision)
    {
        if (!session.IsFor(request, connectorId))
        {
            lock (session.Lock)
            {
                return session.Ended ? null : new SessionEvaluation(true, default, null, revision, null);
            }
        }

        lock (session.Lock)
        {
            if (session.Ended)
            {
                return null;
            }

            session.LastSeen = _time.GetUtcNow();
            if (!session.SaysTheSame(request))
            {
                session.KeptRequest = _shared.Request(request);
                _byService.Put(session, Evaluator.DependenciesOf(_policies.Current, request));
                Record(session);
            }

            var decision = Reevaluate(session, Trigger.Connector);
            return session.Ended
                ? new SessionEvaluation(false, decision, decision.Allowed ? SessionReasons.Revoked(session.SessionKey) : null, revision, null)
                : new SessionEvaluation(false, session.Standing is null ? decision : session.Allowed, null, revision, session.GraceUntil);
        }
    }

    /// <summary>Opens a session; null when the key was taken meanwhile.</summary>
    private SessionEvaluation? Open(in AccessRequest request, string connectorId, string sessionKey, in Decision decision)
    {
        if (!HasRoomFor(request.OrganizationId, connectorId))
        {
            return new SessionEvaluation(false, decision, null, 0, null) { TooManySessions = true };
        }

        var log = _logs.Of(request.OrganizationId, connectorId);
        if (IsTooMany(log))
        {
            Counted(log, -1);
            return new SessionEvaluation(false, decision, null, 0, null) { TooManySessions = true };
        }

        var session = new OpenSession(log, sessionKey, _shared.Request(request), decision.At);
        lock (session.Lock)
        {
            if (!_sessions.TryAdd((request.OrganizationId, sessionKey), session))
            {
                Counted(log, -1);
                return null;
            }

            // A revocation for good that came in between was of a session of this key before.
            if (_final.Contains(request.OrganizationId, sessionKey, decision.At))
            {
                Forget(session);
                return null;
            }

            var current = decision;
            while (true)
            {
                Allow(session, current);
                _byService.Put(session, Evaluator.DependenciesOf(current.Policies, request));

                // What changed between the decision and the registration did not find the session.
                if (ReferenceEquals(_policies.Current, current.Policies) && ReferenceEquals(_facts.Current, current.Facts))
                {
                    break;
                }

                current = Decide(request, EvaluationPurpose.NewConnection);
                if (!current.Allowed)
                {
                    Forget(session);
                    return new SessionEvaluation(false, current, null, 0, null);
                }
            }

            log.LastHeard = decision.At;
            Record(session);
            Schedule(session);
            return new SessionEvaluation(false, session.Allowed, null, 0, null);
        }
    }

    /// <summary>Counts one more session; whether that is one too many.</summary>
    private bool IsTooMany(ConnectorLog log) => Counted(log, 1) > _options.MaxSessionsPerConnector || Volatile.Read(ref _open) > _options.MaxSessions;

    private int Counted(ConnectorLog log, int change)
    {
        Interlocked.Add(ref _open, change);
        return log.Count(change);
    }

    private bool Close(OpenSession session)
    {
        lock (session.Lock)
        {
            if (session.Ended)
            {
                return false;
            }

            // Out of the table last: who opens the key anew comes after this in the journal.
            session.Ended = true;
            _journal.Append(new JournalEntry.SessionRemoved(session.Request.OrganizationId, session.SessionKey, null));
            Forget(session);
            return true;
        }
    }

    /// <summary>Takes a session out of every table. Its lock is held.</summary>
    private void Forget(OpenSession session)
    {
        session.Ended = true;
        _sessions.TryRemove(new((session.Request.OrganizationId, session.SessionKey), session));
        _byService.Remove(session);
        Counted(session.Log, -1);
        _due.Drop();
    }

    private void Record(OpenSession session)
    {
        session.RecordedFactsTime = session.FactsTime;
        _journal.Append(new JournalEntry.SessionPut(SessionRecords.Of(session)));
    }

    private void Heard(string organizationId, string connectorId)
    {
        if (_logs.Find(organizationId, connectorId) is { } log)
        {
            log.LastHeard = _time.GetUtcNow();
        }
    }
}
