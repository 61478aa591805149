using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Evaluation;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>What a replacement of the policies changed, so that only the sessions concerned are evaluated again.</summary>
public sealed class PolicyChange
{
    private readonly ImmutableArray<CompiledPolicy> _touched;

    /// <param name="touched">Every policy that was added, changed (both forms) or removed.</param>
    internal PolicyChange(ImmutableArray<CompiledPolicy> touched) => _touched = touched;

    /// <summary>Whether nothing decides differently.</summary>
    public bool IsEmpty => _touched.IsEmpty;

    /// <summary>
    /// Whether a changed policy reached the request's socket before or reaches it now. A policy whose integration was changed,
    /// added or deleted is a changed one.
    /// </summary>
    public bool Concerns(in AccessRequest request)
    {
        foreach (var policy in _touched)
        {
            if (policy.Source.OrganizationId == request.OrganizationId && policy.Reaches(request.SocketId, request.SocketTags))
            {
                return true;
            }
        }

        return false;
    }
}
