namespace Border0.PdSidecar.Engine.Policies;

/// <summary>All compiled policies at one moment. Immutable; swapped as one reference.</summary>
public sealed class PolicySnapshot
{
    /// <summary>No policies, no integrations.</summary>
    public static PolicySnapshot Empty { get; } = new();

    /// <summary>The services that policies refer to through an integration: what must be polled.</summary>
    public IReadOnlySet<string> ServicesOf(IntegrationKey integration) => throw new NotImplementedException();

    /// <summary>The names of the policies that refer to an integration, existing or not, ordered.</summary>
    public IReadOnlyList<string> PoliciesReferringTo(IntegrationKey integration) => throw new NotImplementedException();
}
