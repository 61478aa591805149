using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Archive;
using Border0.PdSidecar.Storage.Sqlite;

namespace Border0.PdSidecar.Hosting;

/// <summary>Keeps the last known facts in the facts database.</summary>
internal sealed class FactsBlobs(SqliteBlobs blobs) : IFactsArchive
{
    public Task<byte[]?> LoadAsync(IntegrationKey integration, CancellationToken cancellation) =>
        Task.Run(() => blobs.Get(integration.ToString()), cancellation);

    public Task SaveAsync(IntegrationKey integration, ReadOnlyMemory<byte> facts, CancellationToken cancellation) =>
        Task.Run(() => blobs.Put(integration.ToString(), facts.ToArray()), cancellation);

    public Task DeleteAsync(IntegrationKey integration, CancellationToken cancellation) =>
        Task.Run(() => blobs.Put(integration.ToString(), null), cancellation);
}
