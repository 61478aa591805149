using Border0.PdSidecar.Engine.Evaluation;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>What a replacement of the policies changed, so that only the sessions concerned are evaluated again.</summary>
public sealed class PolicyChange
{
    /// <summary>Whether any policy or integration was added, changed or removed.</summary>
    public bool IsEmpty => throw new NotImplementedException();

    /// <summary>
    /// Whether a changed policy reached the request's socket before or reaches it now, or a policy that reaches it refers to a
    /// changed integration.
    /// </summary>
    public bool Concerns(in AccessRequest request) => throw new NotImplementedException();
}
