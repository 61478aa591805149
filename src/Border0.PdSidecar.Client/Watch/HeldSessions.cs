using Border0.PdSidecar.V1;
using EventCase = Border0.PdSidecar.V1.WatchSessionsResponse.EventOneofCase;

namespace Border0.PdSidecar.Client.Watch;

/// <summary>
/// Owns the sessions that the connector holds, and decides which of the sidecar's events are about them. Called from any thread.
/// </summary>
/// <remarks>
/// A revocation may overtake the allow that it revokes: while a key is being asked about, a revocation of it is remembered. And a
/// subscription without a token begins "now": whatever was asked before it (an older <see cref="Lineage"/>) is asked again, for its
/// revocation may lie before that now.
/// </remarks>
internal sealed class HeldSessions(int most)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, HeldSession> _held = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Question> _asked = new(StringComparer.Ordinal);
    private int _lineage;
    private long _lastRevision;

    /// <summary>How many are held.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>Which series of subscriptions, each resumed from the one before, is the current one.</summary>
    public int Lineage
    {
        get
        {
            lock (_lock)
            {
                return _lineage;
            }
        }
    }

    /// <summary>A question about this key is on its way. False when no further session can be held.</summary>
    public bool TryAsk(string key)
    {
        lock (_lock)
        {
            if (!_asked.TryGetValue(key, out var question))
            {
                if (!_held.ContainsKey(key) && _held.Count + _asked.Count >= most)
                {
                    return false;
                }

                _asked.Add(key, question = new Question());
            }

            question.Askers++;
            return true;
        }
    }

    /// <summary>The question is over, whatever came of it. True when the key is not held, nor asked about by anybody else.</summary>
    public bool Answered(string key)
    {
        lock (_lock)
        {
            var question = _asked[key];
            if (--question.Askers > 0)
            {
                return false;
            }

            _asked.Remove(key);
            return !_held.ContainsKey(key);
        }
    }

    /// <summary>Takes an allowed session in.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="response">The allow.</param>
    /// <param name="lineage">The lineage that it was asked in.</param>
    /// <param name="now">When it was opened.</param>
    /// <param name="isAlive">Whether a revocation could arrive; read under the lock, so that no session slips past the end of all.</param>
    public Admission Admit(EvaluateRequest request, EvaluateResponse response, int lineage, DateTimeOffset now, Func<bool> isAlive)
    {
        lock (_lock)
        {
            if (lineage != _lineage)
            {
                return Admission.AskAgain;
            }

            if (!isAlive())
            {
                return Admission.NotWatched;
            }

            if (_asked.GetValueOrDefault(request.SessionKey)?.Revoked is { } revoked && revoked.Revision > response.Revision)
            {
                return Admission.RevokedMeanwhile(revoked.SessionRevoked);
            }

            if (!_held.TryGetValue(request.SessionKey, out var session))
            {
                session = new HeldSession(request, now) { Revision = response.Revision };
                _held.Add(session.Key, session);
            }

            session.ValidUntil = response.ValidUntil?.ToDateTimeOffset();
            return Admission.Held;
        }
    }

    /// <summary>The connector ended a session. False when it is not held.</summary>
    public bool End(string key)
    {
        lock (_lock)
        {
            if (!_held.Remove(key, out var session))
            {
                return false;
            }

            session.EndedByConnector = true;
            return true;
        }
    }

    /// <summary>What an event means for the sessions held; null when nothing.</summary>
    public Delivery? Take(WatchSessionsResponse message)
    {
        lock (_lock)
        {
            if (message.Revision <= _lastRevision)
            {
                return null;
            }

            _lastRevision = message.Revision;
            switch (message.EventCase)
            {
                case EventCase.SessionRevoked:
                    return TakeRevoked(message);
                case EventCase.SessionExpiring:
                    return Find(message.SessionExpiring.SessionKey, message.Revision) is { } expiring
                        ? new Delivery(expiring, Expiring: message.SessionExpiring) { FromStream = true }
                        : null;
                case EventCase.SessionActionsChanged:
                    return Find(message.SessionActionsChanged.SessionKey, message.Revision) is { } changed
                        ? new Delivery(changed, Changed: message.SessionActionsChanged) { FromStream = true }
                        : null;
                default:
                    return null;
            }
        }
    }

    /// <summary>Every session, as a subscription lists them.</summary>
    /// <param name="anew">The subscription has no token: a new lineage begins.</param>
    public List<ActiveSession> List(bool anew)
    {
        lock (_lock)
        {
            if (anew)
            {
                _lineage++;
                _lastRevision = 0;
            }

            var list = new List<ActiveSession>(_held.Count);
            foreach (var session in _held.Values)
            {
                // A sidecar that was killed may have lost its last revisions; whatever it says from here on counts.
                session.Revision = 0;
                session.WasListed = true;
                list.Add(session.ToActiveSession());
            }

            return list;
        }
    }

    /// <summary>Lets go of the sessions for which <paramref name="end"/> has an end.</summary>
    public List<Delivery> Release(Func<HeldSession, SessionEnd?> end)
    {
        lock (_lock)
        {
            var ended = new List<Delivery>();
            foreach (var session in _held.Values)
            {
                if (end(session) is { } ending)
                {
                    ended.Add(new Delivery(session, ending));
                }
            }

            ended.ForEach(e => _held.Remove(e.Session.Key));
            return ended;
        }
    }

    /// <summary>Lets go of one session; null when it is not held.</summary>
    public Delivery? Release(string key, Func<HeldSession, SessionEnd> end)
    {
        lock (_lock)
        {
            return _held.Remove(key, out var session) ? new Delivery(session, end(session)) : null;
        }
    }

    /// <summary>The earliest known end of a session; null when none is known.</summary>
    public DateTimeOffset? EarliestEnd()
    {
        lock (_lock)
        {
            DateTimeOffset? earliest = null;
            foreach (var session in _held.Values)
            {
                if (session.ValidUntil is { } end && !(earliest <= end))
                {
                    earliest = end;
                }
            }

            return earliest;
        }
    }

    private Delivery? TakeRevoked(WatchSessionsResponse message)
    {
        var revoked = message.SessionRevoked;
        if (_asked.TryGetValue(revoked.SessionKey, out var question))
        {
            question.Revoked = message;
        }

        if (Find(revoked.SessionKey, message.Revision) is not { } session)
        {
            return null;
        }

        _held.Remove(session.Key);
        var end = session.EndWith(SessionEndCause.Revoked, revoked.ReasonUser, revoked.ReasonAdmin, revoked);
        return new Delivery(session, end) { FromStream = true };
    }

    private HeldSession? Find(string key, long revision) =>
        _held.TryGetValue(key, out var session) && revision > session.Revision ? session : null;

    /// <summary>A key that is being asked about.</summary>
    private sealed class Question
    {
        public int Askers { get; set; }

        public WatchSessionsResponse? Revoked { get; set; }
    }
}
