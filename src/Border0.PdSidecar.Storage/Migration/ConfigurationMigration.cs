using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Storage.Migration;

/// <summary>Where a configuration is moved to.</summary>
public interface IMigrationTarget
{
    /// <summary>What is there; nothing where there is nothing, or where a migration was broken off.</summary>
    Task<StoredConfiguration> LoadAsync(CancellationToken cancellation);

    /// <summary>Puts all of it there, and reads it back. Until it has completed, nobody uses any of it.</summary>
    /// <exception cref="StorageUnavailableException">It could not; what was written of it is gone, or will not be used.</exception>
    Task WriteAsync(StoredConfiguration configuration, CancellationToken cancellation);
}

/// <summary>Moves integrations and policies from one store to another: all of them or none. The source stays as it is.</summary>
public static class ConfigurationMigration
{
    /// <summary>Moves.</summary>
    /// <param name="source">Where they are.</param>
    /// <param name="target">Where they are to be.</param>
    /// <param name="cancellation">Gives up; nothing of it is used then.</param>
    /// <returns>What was moved, and whether it was there already.</returns>
    /// <exception cref="StorageUnusableException">There is something else at the target; nothing was written.</exception>
    public static async Task<(StoredConfiguration Moved, bool WasThere)> RunAsync(IConfigurationStore source, IMigrationTarget target, CancellationToken cancellation)
    {
        var wanted = await source.LoadAsync(cancellation);
        var there = await target.LoadAsync(cancellation);
        if (there.Integrations.Count + there.Policies.Count > 0)
        {
            return Difference(wanted, there) is { } difference
                ? throw new StorageUnusableException($"the target is not empty and is not the same ({difference}): nothing was written; empty it first, or choose another one")
                : (wanted, true);
        }

        await target.WriteAsync(wanted, cancellation);
        return (wanted, false);
    }

    /// <summary>The first thing that differs, etags aside; null when all is the same.</summary>
    public static string? Difference(StoredConfiguration wanted, StoredConfiguration there) =>
        Difference("integration", wanted.Integrations, there.Integrations, i => (i.Integration.OrganizationId, i.Integration.Name), Same)
        ?? Difference("policy", wanted.Policies, there.Policies, p => (p.OrganizationId, p.Name), Same);

    private static string? Difference<T>(
        string what, IReadOnlyList<T> wanted, IReadOnlyList<T> there, Func<T, (string Organization, string Name)> keyOf, Func<T, T, bool> same)
        where T : class
    {
        var others = there.ToDictionary(keyOf);
        foreach (var one in wanted)
        {
            var (organization, name) = keyOf(one);
            if (!others.Remove((organization, name), out var other))
            {
                return $"{what} {organization}/{name} is in the source only";
            }

            if (!same(one, other))
            {
                return $"{what} {organization}/{name} differs";
            }
        }

        return others.Count > 0 ? $"{what} {others.Keys.First().Organization}/{others.Keys.First().Name} is in the target only" : null;
    }

    private static bool Same(StoredIntegration one, StoredIntegration other) =>
        one.Secrets.ApiKey == other.Secrets.ApiKey && one.Secrets.WebhookSecrets.SequenceEqual(other.Secrets.WebhookSecrets)
        && new Integration(one.Integration) { Etag = "" }.Equals(new Integration(other.Integration) { Etag = "" });

    private static bool Same(Policy one, Policy other) => new Policy(one) { Etag = "" }.Equals(new Policy(other) { Etag = "" });
}
