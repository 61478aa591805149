using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.ActivityFeed;

/// <summary>What one watcher wants to see. Asked on the path of every decision while somebody watches.</summary>
/// <param name="Organization">The organization.</param>
/// <param name="Kinds">Bit k stands for kind k.</param>
/// <param name="Decision">Only decisions that came out so; unspecified for all.</param>
/// <param name="User">A user or service account; empty for anybody.</param>
/// <param name="SocketId">A socket; empty for any.</param>
/// <param name="PolicyName">A policy; empty for any. Not asked here: which policies a decision names stands in its answer.</param>
internal sealed record ActivityFilter(string Organization, int Kinds, Decision Decision, string User, string SocketId, string PolicyName)
{
    /// <summary>Whether a decision is wanted, but for its policies.</summary>
    public bool Wants(string organization, bool isAllow, string userEmail, string serviceAccount, string socketId) =>
        Has(ActivityKind.Decision)
        && organization == Organization
        && (Decision == Decision.Unspecified || isAllow == (Decision == Decision.Allow))
        && (SocketId.Length == 0 || socketId == SocketId)
        && IsAbout(userEmail, serviceAccount);

    /// <summary>Whether a revocation is wanted.</summary>
    public bool Wants(string organization, SessionRevoked revoked) =>
        Has(ActivityKind.Revocation)
        && organization == Organization
        && (SocketId.Length == 0 || revoked.SocketId == SocketId)
        && IsAbout(revoked.UserEmail, revoked.ServiceAccount)
        && Names(revoked.PolicyName);

    /// <summary>Whether a change is wanted. A change is about nobody's connection, so a watcher of a user or a socket is not shown any.</summary>
    public bool Wants(string organization, string type, string name) =>
        Has(ActivityKind.Change)
        && (organization.Length == 0 || organization == Organization)
        && User.Length == 0
        && SocketId.Length == 0
        && (PolicyName.Length == 0 || (type == "policy" && Names(name)));

    /// <summary>Whether a policy is the one that is wanted.</summary>
    public bool Names(string policyName) => PolicyName.Length == 0 || policyName.Equals(PolicyName, StringComparison.OrdinalIgnoreCase);

    private bool Has(ActivityKind kind) => (Kinds & (1 << (int)kind)) != 0;

    private bool IsAbout(string userEmail, string serviceAccount) =>
        User.Length == 0 || userEmail.Equals(User, StringComparison.OrdinalIgnoreCase) || serviceAccount.Equals(User, StringComparison.OrdinalIgnoreCase);
}
