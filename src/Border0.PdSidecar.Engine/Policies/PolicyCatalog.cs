using System.Collections.Frozen;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>
/// Owns the compiled policies. Read from any thread without a lock; replaced as a whole by one writer at a time.
/// </summary>
public sealed class PolicyCatalog
{
    private readonly Lock _writers = new();
    private volatile PolicySnapshot _current = PolicySnapshot.Empty;

    /// <summary>Raised after a snapshot that decides differently was swapped in, on the writer's thread.</summary>
    public event Action<PolicyChange>? Changed;

    /// <summary>The policies of now.</summary>
    public PolicySnapshot Current => _current;

    /// <summary>
    /// Compiles and swaps in all policies and integrations of all organizations. Policies whose etag is unchanged are not
    /// compiled again. The policies have passed validation; organization ids and names are filled in.
    /// </summary>
    public PolicyChange Replace(
        IReadOnlyCollection<Policy> policies, IReadOnlyCollection<IntegrationSettings> integrations)
    {
        PolicyChange change;
        lock (_writers)
        {
            var before = _current;
            var settings = integrations.ToFrozenDictionary(i => i.Key);
            IntegrationSettings? Find(IntegrationKey key) => settings.GetValueOrDefault(key);

            var touched = new List<CompiledPolicy>();
            var kept = new HashSet<CompiledPolicy>(ReferenceEqualityComparer.Instance);
            var compiled = new List<CompiledPolicy>(policies.Count);
            foreach (var policy in policies)
            {
                var known = before.Of(policy.OrganizationId)?.ByName.GetValueOrDefault(policy.Name);
                if (known is not null && known.IsStill(policy, Find))
                {
                    kept.Add(known);
                    compiled.Add(known);
                    continue;
                }

                var fresh = new CompiledPolicy(policy, Find);
                touched.Add(fresh);
                compiled.Add(fresh);
            }

            touched.AddRange(before.Policies.Where(p => !kept.Contains(p)));
            _current = new PolicySnapshot(
                compiled.GroupBy(p => p.Source.OrganizationId, StringComparer.Ordinal)
                    .ToFrozenDictionary(g => g.Key, g => new OrganizationPolicies(g), StringComparer.Ordinal),
                settings);
            change = new PolicyChange([.. touched]);
        }

        if (!change.IsEmpty)
        {
            Changed?.Invoke(change);
        }

        return change;
    }
}
