using System.Collections.Frozen;

namespace Border0.PdSidecar.Engine.Facts;

/// <summary>
/// Owns the current facts. Read from any thread without a lock; written by refresh loops and webhooks, one at a time.
/// </summary>
public sealed class FactsStore
{
    private readonly Lock _writers = new();
    private volatile FactsSnapshot _current = FactsSnapshot.Empty;

    /// <summary>
    /// Raised after a snapshot was swapped in that says something else than the one before, on the writer's thread and
    /// outside the lock. Handlers must be quick: hand the work on.
    /// </summary>
    public event Action<FactsChange>? Changed;

    /// <summary>The facts of now.</summary>
    public FactsSnapshot Current => _current;

    /// <summary>Puts an update in and returns what it changed.</summary>
    /// <param name="integration">Whose facts.</param>
    /// <param name="update">
    /// Computes the update from the facts of that moment, under the writers' lock, so that what another writer has put in
    /// meanwhile is seen; null changes nothing.
    /// </param>
    public FactsChange Apply(IntegrationKey integration, Func<IntegrationFacts, FactsUpdate?> update)
    {
        FactsChange change;
        lock (_writers)
        {
            var before = _current.Of(integration);
            if (update(before) is not { } put)
            {
                return new FactsChange(integration, []);
            }

            var after = FactsMerge.Apply(before, put);
            change = new FactsChange(integration, FactsMerge.ChangedServices(before, after, put));
            Publish(integration, after);
        }

        Announce(change);
        return change;
    }

    /// <summary>Puts an update in that does not depend on what is known.</summary>
    public FactsChange Apply(IntegrationKey integration, FactsUpdate update) => Apply(integration, _ => update);

    /// <summary>Forgets everything known through an integration: it was deleted, or connects to another account now.</summary>
    public void Forget(IntegrationKey integration)
    {
        FactsChange change;
        lock (_writers)
        {
            if (!_current.Integrations.TryGetValue(integration, out var before))
            {
                return;
            }

            change = new FactsChange(integration, [.. before.Services.Keys.Union(before.Incidents.Keys)]);
            Publish(integration, null);
        }

        Announce(change);
    }

    private void Publish(IntegrationKey integration, IntegrationFacts? facts)
    {
        var integrations = new Dictionary<IntegrationKey, IntegrationFacts>(_current.Integrations);
        if (facts is null)
        {
            integrations.Remove(integration);
        }
        else
        {
            integrations[integration] = facts;
        }

        _current = new FactsSnapshot(integrations.ToFrozenDictionary(), _current.Revision + 1);
    }

    private void Announce(FactsChange change)
    {
        if (change.ServiceIds.Count > 0)
        {
            Changed?.Invoke(change);
        }
    }
}
