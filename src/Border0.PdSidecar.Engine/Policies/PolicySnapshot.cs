using System.Collections.Frozen;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>All compiled policies at one moment. Immutable; swapped as one reference.</summary>
public sealed class PolicySnapshot
{
    private readonly FrozenDictionary<string, OrganizationPolicies> _organizations;
    private readonly FrozenDictionary<IntegrationKey, IntegrationSettings> _integrations;
    private readonly FrozenDictionary<IntegrationKey, IReadOnlySet<string>> _services;

    internal PolicySnapshot(
        FrozenDictionary<string, OrganizationPolicies> organizations, FrozenDictionary<IntegrationKey, IntegrationSettings> integrations)
    {
        _organizations = organizations;
        _integrations = integrations;
        _services = organizations.Values.SelectMany(o => o.All).SelectMany(p => p.Conditions).Where(c => !c.IsNoOp)
            .GroupBy(c => c.Service.Integration, c => c.Service.ServiceId)
            .ToFrozenDictionary(g => g.Key, IReadOnlySet<string> (g) => g.ToFrozenSet(StringComparer.Ordinal));
    }

    /// <summary>No policies, no integrations.</summary>
    public static PolicySnapshot Empty { get; } = new(
        FrozenDictionary<string, OrganizationPolicies>.Empty, FrozenDictionary<IntegrationKey, IntegrationSettings>.Empty);

    /// <summary>Every policy of every organization.</summary>
    internal IEnumerable<CompiledPolicy> Policies => _organizations.Values.SelectMany(o => o.All);

    /// <summary>Unions of grants that were needed once.</summary>
    internal GrantUnions Unions { get; } = new();

    /// <summary>An organization's policies; null when it has none.</summary>
    public OrganizationPolicies? Of(string organizationId) => _organizations.GetValueOrDefault(organizationId);

    /// <summary>An integration's settings; null when there is none of that name.</summary>
    public IntegrationSettings? Integration(IntegrationKey key) => _integrations.GetValueOrDefault(key);

    /// <summary>The services that policies refer to through an integration: what must be polled.</summary>
    public IReadOnlySet<string> ServicesOf(IntegrationKey integration) =>
        _services.TryGetValue(integration, out var services) ? services : FrozenSet<string>.Empty;

    /// <summary>The names of the policies that refer to an integration, existing or not, ordered.</summary>
    public IReadOnlyList<string> PoliciesReferringTo(IntegrationKey integration) =>
        Of(integration.OrganizationId) is { } policies
            ? [.. policies.All.Where(p => p.Conditions.Any(c => c.Service.Integration == integration)).Select(p => p.Name)]
            : [];
}
