using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Sqlite;

namespace Border0.PdSidecar.Storage.Migration;

/// <summary>A database that is written under another name, and gets its own once it is whole. Nobody else may use the directory meanwhile.</summary>
/// <param name="path">The database.</param>
/// <param name="keys">The keys that secrets are sealed under.</param>
public sealed class SqliteTarget(string path, KeyRing keys) : IMigrationTarget
{
    private readonly string _fresh = path + ".migrating";

    /// <inheritdoc/>
    public async Task<StoredConfiguration> LoadAsync(CancellationToken cancellation)
    {
        if (!File.Exists(path))
        {
            return new StoredConfiguration([], []);
        }

        await using var store = SqliteConfigurationStore.Open(path, keys);
        return await store.LoadAsync(cancellation);
    }

    /// <inheritdoc/>
    public async Task WriteAsync(StoredConfiguration configuration, CancellationToken cancellation)
    {
        Remove(_fresh);
        try
        {
            await using (var store = SqliteConfigurationStore.Open(_fresh, keys))
            {
                foreach (var integration in configuration.Integrations)
                {
                    Check(await store.CreateAsync(integration with { Integration = integration.Integration.Clone() }, cancellation));
                }

                foreach (var policy in configuration.Policies)
                {
                    Check(await store.CreateAsync(policy.Clone(), cancellation));
                }

                if (ConfigurationMigration.Difference(configuration, await store.LoadAsync(cancellation)) is { } difference)
                {
                    throw new StorageUnavailableException($"what was written to {_fresh} does not come back ({difference}): nothing was moved");
                }
            }

            // The last one who closes it has put everything into the file itself.
            Remove(path);
            File.Move(_fresh, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageUnavailableException($"database {path} cannot be written: {e.Message}", e);
        }
        finally
        {
            Remove(_fresh);
        }
    }

    private static void Check(WriteOutcome outcome)
    {
        if (outcome != WriteOutcome.Written)
        {
            throw new StorageUnusableException($"the source holds a name twice ({outcome}): nothing was moved");
        }
    }

    private static void Remove(string database)
    {
        foreach (var file in (ReadOnlySpan<string>)[database, database + "-wal", database + "-shm"])
        {
            File.Delete(file);
        }
    }
}
