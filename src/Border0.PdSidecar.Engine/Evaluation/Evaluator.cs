using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;
using Policy = Border0.PdSidecar.V1.Policy;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>
/// Decides: policies and facts and a request in, decision and reasons out. Stateless; takes no lock, does no I/O, reads no
/// clock. Called from any thread.
/// </summary>
public sealed class Evaluator
{
    /// <summary>Decides on a request.</summary>
    /// <param name="policies">The policies to decide by.</param>
    /// <param name="facts">What is known of PagerDuty.</param>
    /// <param name="request">The connection.</param>
    /// <param name="purpose">New connection or running session.</param>
    /// <param name="at">The instant to decide for.</param>
    /// <param name="sessionOpened">When the running session was opened, for max_session_duration; null: opened at <paramref name="at"/>.</param>
    public Decision Evaluate(
        PolicySnapshot policies,
        FactsSnapshot facts,
        in AccessRequest request,
        EvaluationPurpose purpose,
        DateTimeOffset at,
        DateTimeOffset? sessionOpened = null) => throw new NotImplementedException();

    /// <summary>The reasons of a decision, as the caller of Evaluate gets them.</summary>
    public IReadOnlyList<Reason> Explain(in Decision decision, in AccessRequest request) => throw new NotImplementedException();

    /// <summary>
    /// Why a session that <paramref name="before"/> allowed is denied by <paramref name="after"/>: the condition that was lost in
    /// the policy that granted.
    /// </summary>
    public DenialCause ExplainLoss(in Decision before, in Decision after, in AccessRequest request) =>
        throw new NotImplementedException();

    /// <summary>
    /// Which services the decision depends on: those named by the policies that reach the socket, holding or not. A change of
    /// facts about any other service cannot change it.
    /// </summary>
    public IReadOnlyCollection<ServiceKey> DependenciesOf(PolicySnapshot policies, in AccessRequest request) =>
        throw new NotImplementedException();

    /// <summary>Evaluates one policy, saved or not, and explains every condition, held or not.</summary>
    /// <remarks>Answers everything but warnings; the socket's type may be empty (whatever is granted for any type).</remarks>
    public TestPolicyResponse Test(
        Policy policy, PolicySnapshot policies, FactsSnapshot facts, in AccessRequest request, DateTimeOffset at, DateTimeOffset now) =>
        throw new NotImplementedException();

    /// <summary>Whom a policy lets in, now and next; every user on one page, in order.</summary>
    public ListEligibleUsersResponse ListEligibleUsers(
        Policy policy, PolicySnapshot policies, FactsSnapshot facts, DateTimeOffset now) => throw new NotImplementedException();
}
