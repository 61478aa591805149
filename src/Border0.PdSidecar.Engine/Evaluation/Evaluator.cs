using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;
using Policy = Border0.PdSidecar.V1.Policy;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>
/// Decides: policies and facts and a request in, decision and reasons out. Stateless; takes no lock, does no I/O, reads no
/// clock. Called from any thread.
/// </summary>
public static class Evaluator
{
    /// <summary>How many hand-overs from policy to policy are followed when the end of an allow is worked out.</summary>
    private const int MostTakeOvers = 16;

    /// <summary>Decides on a request.</summary>
    /// <param name="policies">The policies to decide by.</param>
    /// <param name="facts">What is known of PagerDuty.</param>
    /// <param name="request">The connection.</param>
    /// <param name="purpose">New connection or running session.</param>
    /// <param name="at">The instant to decide for.</param>
    /// <param name="sessionOpened">When the running session was opened, for max_session_duration; null: opened at <paramref name="at"/>.</param>
    /// <remarks>
    /// Allocates nothing, but for the first time that a set of policies grants together. An allow is valid until the last of the
    /// policies that grant now ends; where another policy is known to take over at that very instant, until that one ends.
    /// </remarks>
    public static Decision Evaluate(
        PolicySnapshot policies,
        FactsSnapshot facts,
        in AccessRequest request,
        EvaluationPurpose purpose,
        DateTimeOffset at,
        DateTimeOffset? sessionOpened = null)
    {
        var moment = new Moment(at, at, purpose);
        var opened = sessionOpened ?? at;
        var sum = Add(policies, facts, request, moment, opened, out var canGrant);
        var validUntil = sum.Until;
        for (var hop = 0; sum.Grants.Any && canGrant > 1 && validUntil is { } end && hop < MostTakeOvers; hop++)
        {
            var then = Add(policies, facts, request, moment with { At = end }, opened, out _);
            if (!then.Grants.Any || then.Until == validUntil)
            {
                break;
            }

            validUntil = then.Until;
        }

        return new Decision
        {
            Grants = sum.Grants,
            ValidUntil = validUntil,
            NextChange = sum.NextChange,
            FactsTime = sum.FactsTime,
            RevocationGrace = sum.Grace,
            ShadowDenials = sum.ShadowDenials,
            Holding = sum.Holding,
            DependsOnOpening = sum.DependsOnOpening,
            AwaitsFacts = sum.Unknown is not null,
            UnknownService = sum.Unknown ?? default,
            At = at,
            Purpose = purpose,
            SessionOpened = sessionOpened,
            Facts = facts,
            Policies = policies,
        };
    }

    /// <summary>The reasons of a decision, as the caller of Evaluate gets them.</summary>
    public static IReadOnlyList<Reason> Explain(in Decision decision, in AccessRequest request)
    {
        var reasons = new List<Reason>(2);
        Explain(decision, request, new ReasonList(reasons));
        return reasons;
    }

    /// <summary>Tells the reasons of a decision, one after the other.</summary>
    public static void Explain(in Decision decision, in AccessRequest request, IReasonSink into) => DecisionReasons.Tell(into, decision, request);

    /// <summary>
    /// Why a session is denied by <paramref name="after"/>: the condition that was lost in
    /// the first of the policies that granted it before.
    /// </summary>
    public static DenialCause ExplainLoss(IReadOnlyList<string> grantedBy, in Decision after, in AccessRequest request) =>
        LossReasons.Of(grantedBy, after, request);

    /// <summary>How one policy by itself comes out, by the code of the first condition that does not hold.</summary>
    internal static ReasonCode CodeOf(CompiledPolicy policy, in Decision decision, in AccessRequest request) =>
        policy.Grants.For(request.SocketType) is not { } grant
            ? ReasonCode.NoGrantForSocketType
            : PolicyCheck.Check(
                policy, grant.MaxSessionDuration, decision.Facts, request, new Moment(decision.At, decision.At, decision.Purpose), decision.SessionOpened ?? decision.At).Code;

    /// <summary>
    /// Which services the decision depends on: those named by the policies that reach the socket, holding or not. A change of
    /// facts about any other service cannot change it.
    /// </summary>
    public static ServiceKey[] DependenciesOf(PolicySnapshot policies, in AccessRequest request)
    {
        if (policies.Of(request.OrganizationId) is not { } organization)
        {
            return [];
        }

        ServiceKey? only = null;
        HashSet<ServiceKey>? several = null;
        foreach (var policy in organization.PoliciesFor(request))
        {
            foreach (var condition in policy.Conditions)
            {
                if (condition.IsNoOp || condition.Service == only)
                {
                    continue;
                }

                if (only is null)
                {
                    only = condition.Service;
                }
                else
                {
                    (several ??= [only.Value]).Add(condition.Service);
                }
            }
        }

        return several is not null ? [.. several] : only is { } one ? [one] : [];
    }

    /// <summary>Evaluates one policy, saved or not, and explains every condition, held or not.</summary>
    /// <remarks>Answers everything but warnings; the socket's type may be empty (whatever is granted for any type).</remarks>
    /// <param name="policy">The policy, validated, with its organization filled in.</param>
    /// <param name="policies">Where the integrations' settings are looked up.</param>
    /// <param name="facts">What is known of PagerDuty.</param>
    /// <param name="request">The connection.</param>
    /// <param name="at">The instant to test for.</param>
    /// <param name="now">The instant at which the facts are judged fresh or stale.</param>
    public static TestPolicyResponse Test(
        Policy policy, PolicySnapshot policies, FactsSnapshot facts, in AccessRequest request, DateTimeOffset at, DateTimeOffset now) =>
        PolicyTest.Run(new CompiledPolicy(policy, policies.Integration), facts, request, new Moment(at, now, EvaluationPurpose.NewConnection));

    /// <summary>Whom a policy lets in, now and next; every user on one page, in order.</summary>
    public static ListEligibleUsersResponse ListEligibleUsers(
        Policy policy, PolicySnapshot policies, FactsSnapshot facts, DateTimeOffset now) =>
        EligibleUsers.Of(new CompiledPolicy(policy, policies.Integration), facts, now);

    /// <summary>What all policies that reach the socket say together.</summary>
    private static Sum Add(
        PolicySnapshot policies, FactsSnapshot facts, in AccessRequest request, in Moment moment, DateTimeOffset opened, out int canGrant)
    {
        var sum = new Sum { Grants = GrantSet.None };
        canGrant = 0;
        if (policies.Of(request.OrganizationId) is not { } organization)
        {
            return sum;
        }

        var place = -1;
        foreach (var policy in organization.PoliciesFor(request))
        {
            place++;
            if (policy.Grants.For(request.SocketType) is not { } grant)
            {
                continue;
            }

            canGrant++;
            sum.DependsOnOpening |= grant.MaxSessionDuration is not null;
            var verdict = PolicyCheck.Check(policy, grant.MaxSessionDuration, facts, request, moment, opened);
            sum.NextChange = Verdict.Earlier(sum.NextChange, verdict.NextChange);
            if (!verdict.Holds)
            {
                if (verdict.Code == ReasonCode.FactsUnknown)
                {
                    sum.Unknown ??= FirstUnknown(policy, facts);
                }

                continue;
            }

            sum.Holding |= place < Decision.MostHolding ? 1UL << place : 0;

            // The last end counts, and one that is not known is later than any.
            sum.Until = !sum.Grants.Any ? verdict.Until
                : sum.Until is { } known && verdict.Until is { } end ? (end > known ? end : known)
                : null;
            sum.FactsTime = Verdict.Earlier(sum.FactsTime, verdict.FactsTime);
            sum.Grants = policies.Unions.Of(sum.Grants, grant.Grants);
            sum.Grace = policy.RevocationGrace > sum.Grace ? policy.RevocationGrace : sum.Grace;
            sum.ShadowDenials += PolicyCheck.ShadowDenials(policy, facts, request, moment);
        }

        return sum;
    }

    private static ServiceKey? FirstUnknown(CompiledPolicy policy, FactsSnapshot facts)
    {
        foreach (var condition in policy.Conditions)
        {
            if (!condition.IsNoOp && !condition.Shadow && condition.Settings is not null)
            {
                var known = facts.Of(condition.Service.Integration);
                if (!known.Services.TryGetValue(condition.Service.ServiceId, out var service)
                    || (condition.RequireIncident && !known.Incidents.ContainsKey(condition.Service.ServiceId))
                    || (condition.RequireOnCall && service.EscalationPolicyId is { } id && !known.EscalationPolicies.ContainsKey(id)))
                {
                    return condition.Service;
                }
            }
        }

        return null;
    }

    private struct Sum
    {
        public GrantSet Grants;
        public DateTimeOffset? Until;
        public DateTimeOffset? NextChange;
        public DateTimeOffset? FactsTime;
        public TimeSpan Grace;
        public int ShadowDenials;
        public ulong Holding;
        public bool DependsOnOpening;
        public ServiceKey? Unknown;
    }
}
