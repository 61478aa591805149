using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>
/// Owns the compiled policies. Read from any thread without a lock; replaced as a whole by one writer at a time.
/// </summary>
public sealed class PolicyCatalog
{
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
        _ = (policies, integrations);
        var change = new PolicyChange();
        _current = new PolicySnapshot();
        Changed?.Invoke(change);
        return change;
    }
}
