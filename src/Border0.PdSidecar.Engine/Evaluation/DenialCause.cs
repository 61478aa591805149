using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>The one condition that best explains why access that was allowed is not allowed any more.</summary>
/// <param name="Code">Why.</param>
/// <param name="PolicyName">The policy that granted it last; empty when it is gone.</param>
/// <param name="Condition">The condition that no longer holds, as in <see cref="Reason.Condition"/>; empty for the policy as a whole.</param>
/// <param name="ReasonAdmin">One sentence for the administrator.</param>
/// <param name="ReasonUser">One sentence for the user, without names of colleagues or policies' inner workings.</param>
/// <param name="Since">When it stopped holding, where that is known (a shift's end, a bound of when).</param>
public sealed record DenialCause(
    ReasonCode Code, string PolicyName, string Condition, string ReasonAdmin, string ReasonUser, DateTimeOffset? Since);
