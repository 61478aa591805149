using System.Runtime.CompilerServices;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;
using Decision = Border0.PdSidecar.Engine.Evaluation.Decision;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// What one change means for sessions that are alike in everything but their key: it is decided and said once for those that follow each
/// other closely. One change may end ten thousand sessions of few people. For one change, on one thread.
/// </summary>
internal sealed class AlikeSessions(TimeProvider time)
{
    /// <summary>How many sessions are decided on for one instant at most: a fraction of a millisecond.</summary>
    private const int MostAtOneInstant = 256;

    private readonly Kind?[] _kinds = new Kind?[64];
    private DateTimeOffset _instant;
    private int _left;

    /// <summary>Decides on a session, or finds what was decided on one that is alike.</summary>
    public Kind Decide(OpenSession session, PolicySnapshot policies, FactsSnapshot facts)
    {
        if (--_left < 0)
        {
            (_left, _instant) = (MostAtOneInstant - 1, time.GetUtcNow());
        }

        var request = session.KeptRequest;
        ref var known = ref _kinds[(uint)RuntimeHelpers.GetHashCode(request) % (uint)_kinds.Length];
        if (known is null || !ReferenceEquals(known.Request, request) || known.At != _instant
            || !ReferenceEquals(known.Facts, facts) || !ReferenceEquals(known.Policies, policies) || known.DependsOnOpening)
        {
            if (known is not null && !(ReferenceEquals(known.Facts, facts) && ReferenceEquals(known.Policies, policies)))
            {
                // Facts are never newer than the instant that they are judged at.
                (_left, _instant) = (MostAtOneInstant - 1, time.GetUtcNow());
            }

            known = new Kind(request, Evaluator.Evaluate(policies, facts, request.Value, EvaluationPurpose.RunningSession, _instant, session.Opened));
        }

        return known;
    }

    /// <summary>The sessions of one request, at one instant.</summary>
    internal sealed class Kind(StrongBox<AccessRequest> request, Decision decision)
    {
        private Standing? _lost;
        private SessionRevoked? _revoked;
        private byte[]? _body;

        public StrongBox<AccessRequest> Request => request;

        public DateTimeOffset At => decision.At;

        public FactsSnapshot Facts => decision.Facts;

        public PolicySnapshot Policies => decision.Policies;

        public bool DependsOnOpening => decision.DependsOnOpening;

        /// <summary>The decision on one of them.</summary>
        public Decision For(OpenSession session) => decision with { SessionOpened = session.Opened };

        /// <summary>How the loss of what a session rested on was told to the one before that rested on the same; null when there was none.</summary>
        public (SessionRevoked Revoked, byte[] Body)? LossOf(OpenSession session) => _lost is not null && ReferenceEquals(_lost, session.Standing)
            ? (new SessionRevoked
            {
                SessionKey = session.SessionKey,
                SocketId = _revoked!.SocketId,
                UserEmail = _revoked.UserEmail,
                ServiceAccount = _revoked.ServiceAccount,
                Cause = _revoked.Cause,
                PolicyName = _revoked.PolicyName,
                Condition = _revoked.Condition,
                ReasonAdmin = _revoked.ReasonAdmin,
                ReasonUser = _revoked.ReasonUser,
                EventTime = _revoked.EventTime,
                DecisionTime = _revoked.DecisionTime,
                InitiatingEntity = _revoked.InitiatingEntity,
            }, _body!)
            : null;

        /// <summary>Keeps how a loss was told.</summary>
        /// <returns>The event's bytes.</returns>
        public byte[] Told(OpenSession session, SessionRevoked revoked)
        {
            (_lost, _revoked, _body) = (session.Standing, revoked, WatchMessage.BodyOf(revoked));
            return _body;
        }
    }
}
