using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>Start, and what connectors and administrators see of the sessions.</summary>
public sealed partial class SessionRegistry
{
    /// <summary>
    /// Takes over what the journal kept, listens to changes from then on, and evaluates every session. Call once policies and facts
    /// of before the restart are in place.
    /// </summary>
    /// <param name="toRequest">Makes an engine request of a recorded one.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task StartAsync(Func<EvaluateRequest, AccessRequest> toRequest, CancellationToken cancellation)
    {
        SessionMetrics.BeginRevocations();
        var state = await _journal.LoadAsync(cancellation);
        var now = _time.GetUtcNow();
        _logs.Restore(state);
        foreach (var (organization, key, until) in state.FinalKeys.Where(f => f.Until > now))
        {
            _final.Add(organization, key, until);
        }

        var warned = Warned(state.Events);
        var restored = new List<OpenSession>(state.Sessions.Count);
        foreach (var record in state.Sessions)
        {
            var request = _shared.Request(toRequest(record.Request));
            var log = _logs.Of(request.Value.OrganizationId, record.Request.ConnectorId);
            var session = new OpenSession(log, record.Request.SessionKey, request, record.Opened)
            {
                FactsTime = record.FactsTime,
                RecordedFactsTime = record.FactsTime,
                PolicyNames = record.PolicyNames,
                LastSeen = now,
            };
            if (warned.TryGetValue((session.Request.OrganizationId, session.ConnectorId, session.SessionKey), out var last) && last.Time >= session.Opened)
            {
                session.WarnedOf = last.Until;
            }

            if (_sessions.TryAdd((session.Request.OrganizationId, session.SessionKey), session))
            {
                Counted(log, 1);
                restored.Add(session);
            }
        }

        _facts.Changed += WhenFactsChanged;
        _policies.Changed += WhenPoliciesChanged;
        var alike = new AlikeSessions(_time);
        foreach (var session in restored)
        {
            LookAgain(session, Trigger.Restart, alike);
        }

        SessionsRestored(restored.Count);
    }

    /// <summary>The last end that each session was warned of, and when.</summary>
    private static Dictionary<(string OrganizationId, string ConnectorId, string SessionKey), (DateTimeOffset Time, DateTimeOffset Until)> Warned(
        IEnumerable<JournalEntry.EventAppended> events)
    {
        var warned = new Dictionary<(string, string, string), (DateTimeOffset, DateTimeOffset)>();
        foreach (var e in events)
        {
            if (e.Message.RevokedKey is null && e.Message.Read().SessionExpiring is { } expiring)
            {
                warned[(e.OrganizationId, e.ConnectorId, expiring.SessionKey)] = (e.Time, expiring.ExpireTime.ToDateTimeOffset());
            }
        }

        return warned;
    }

    /// <summary>Whether the token can be read at all; a mangled one is the caller's mistake.</summary>
    public static bool IsToken(string resumeToken) => resumeToken.Length == 0 || ResumeToken.TryParse(resumeToken, out _);

    /// <summary>Subscribes to what happens to a connector's sessions.</summary>
    /// <param name="organizationId">The organization.</param>
    /// <param name="connectorId">The connector.</param>
    /// <param name="resumeToken">Where to go on, or empty for now. Must be one by <see cref="IsToken"/>.</param>
    /// <param name="activeSessions">
    /// The sessions that the connector holds. Those that are not known are adopted, all are evaluated, and those not allowed are
    /// revoked. Without a token and not empty, the list is the connector's word on what it holds: sessions that are not in it are
    /// over, but for those opened in the last seconds, which it may not know of yet.
    /// </param>
    /// <param name="heartbeat">How often to give a sign of life.</param>
    /// <param name="factsAges">How old the facts are, for heartbeats.</param>
    public SessionWatch Watch(
        string organizationId,
        string connectorId,
        string resumeToken,
        IReadOnlyCollection<AdoptedSession> activeSessions,
        TimeSpan heartbeat,
        Func<string, IEnumerable<FactsAge>> factsAges)
    {
        var log = _logs.Of(organizationId, connectorId);
        log.LastHeard = _time.GetUtcNow();
        var cursor = log.Published;
        string? resync = null;
        if (resumeToken.Length > 0 && ResumeToken.TryParse(resumeToken, out var token))
        {
            resync = !log.IsOfThisLog(token) || token.Revision > log.Published ? "The token is of another history or another connector."
                : token.Revision + 1 < log.Oldest && token.Revision < log.Head ? "The token is too old: events after it are not kept any more."
                : null;
            cursor = token.Revision;
        }

        var watch = new SessionWatch(log, cursor, resync, heartbeat, factsAges, _options, _time);
        log.Add(watch);
        if (resync is null)
        {
            Adopt(log, cursor, activeSessions, isComplete: resumeToken.Length == 0);
        }

        return watch;
    }

    /// <summary>Open sessions that match, ordered by connector, then key.</summary>
    /// <param name="organizationId">The organization.</param>
    /// <param name="connectorId">Only this connector's; empty for any.</param>
    /// <param name="socketId">Only this socket's; empty for any.</param>
    /// <param name="userEmail">Only this user's, compared without case; empty for any.</param>
    /// <param name="after">Only those after this connector and key, in that order.</param>
    /// <param name="most">At most so many.</param>
    public IReadOnlyList<Session> List(
        string organizationId, string connectorId, string socketId, string userEmail, (string Connector, string Key) after, int most) =>
        [
            .. _sessions.Values
                .Where(s => !s.Ended
                    && s.Request.OrganizationId == organizationId
                    && (connectorId.Length == 0 || s.ConnectorId == connectorId)
                    && (socketId.Length == 0 || s.Request.SocketId == socketId)
                    && (userEmail.Length == 0 || s.Request.UserEmail.Equals(userEmail, StringComparison.OrdinalIgnoreCase))
                    && Compare((s.ConnectorId, s.SessionKey), after) > 0)
                .OrderBy(s => (s.ConnectorId, s.SessionKey), Comparer<(string, string)>.Create(Compare))
                .Take(most)
                .Select(SessionRecords.ToContract),
        ];

    private static int Compare((string Connector, string Key) left, (string Connector, string Key) right) =>
        string.CompareOrdinal(left.Connector, right.Connector) is var byConnector and not 0
            ? byConnector
            : string.CompareOrdinal(left.Key, right.Key);

    private void Adopt(ConnectorLog log, long cursor, IReadOnlyCollection<AdoptedSession> sessions, bool isComplete)
    {
        var now = _time.GetUtcNow();
        var (organizationId, connectorId) = (log.OrganizationId, log.ConnectorId);
        var owed = new OwedRevocations(log, cursor);
        foreach (var adopted in sessions)
        {
            Adopt(log, adopted, owed, now);
        }

        if (!isComplete || sessions.Count == 0)
        {
            return;
        }

        var held = sessions.Select(s => s.SessionKey).ToHashSet(StringComparer.Ordinal);
        foreach (var session in _sessions.Values)
        {
            if (session.ConnectorId == connectorId && session.Request.OrganizationId == organizationId
                && !held.Contains(session.SessionKey) && now - session.LastSeen > TimeSpan.FromSeconds(5))
            {
                Close(session);
            }
        }
    }

    private void Adopt(ConnectorLog log, in AdoptedSession adopted, OwedRevocations owed, DateTimeOffset now)
    {
        var fresh = new OpenSession(log, adopted.SessionKey, _shared.Request(adopted.Request), adopted.Opened is { } o && o < now ? o : now) { LastSeen = now };
        OpenSession known;
        lock (fresh.Lock)
        {
            known = _sessions.GetOrAdd((adopted.Request.OrganizationId, adopted.SessionKey), fresh);
            if (ReferenceEquals(known, fresh))
            {
                var isTooMany = IsTooMany(log);
                if (owed.Contains(adopted.SessionKey))
                {
                    // Its revocation is ahead of this watcher: once is enough.
                    Forget(fresh);
                    return;
                }

                if (_final.Contains(adopted.Request.OrganizationId, adopted.SessionKey, now))
                {
                    Revoke(fresh, SessionReasons.Event(
                        fresh, RevocationCause.NotAllowedOnAdoption, "The session was ended for good before.", "This session was ended.", InitiatingEntity.System, now));
                    return;
                }

                if (isTooMany)
                {
                    Revoke(fresh, SessionReasons.Event(
                        fresh, RevocationCause.NotAllowedOnAdoption, "There are too many open sessions, of the connector or of all.", "This session cannot be looked after.", InitiatingEntity.System, now));
                    return;
                }

                _byService.Put(fresh, Evaluator.DependenciesOf(_policies.Current, adopted.Request));
                Record(fresh);
                Reevaluate(fresh, Trigger.Adoption);
                return;
            }

            if (!known.IsFor(adopted.Request, log.ConnectorId))
            {
                // The key is another connection's: this one cannot be looked after, so it must end.
                Emit(fresh, new WatchSessionsResponse
                {
                    SessionRevoked = SessionReasons.Event(
                        fresh, RevocationCause.NotAllowedOnAdoption, "The session key is open for another user, socket or connector.", "This session cannot be confirmed.", InitiatingEntity.System, now),
                });
                return;
            }

            known.LastSeen = now;
        }

        // Where it has ended since, its event is ahead of this watcher.
        LookAgain(known, Trigger.Connector);
    }
}

/// <summary>A session that a connector says it holds.</summary>
/// <param name="SessionKey">Its key.</param>
/// <param name="Request">What it was opened with.</param>
/// <param name="Opened">When it was opened; null for now.</param>
public readonly record struct AdoptedSession(string SessionKey, AccessRequest Request, DateTimeOffset? Opened);
