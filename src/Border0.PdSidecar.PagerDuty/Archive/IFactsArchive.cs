using Border0.PdSidecar.Engine;

namespace Border0.PdSidecar.PagerDuty.Archive;

/// <summary>
/// Keeps an integration's last known facts at rest, so that a restart during an outage of PagerDuty starts from them with
/// their true age. Plain bytes by key; the newest write wins. Called from one writer per integration at a time.
/// </summary>
public interface IFactsArchive
{
    /// <summary>Returns what was saved last, or null.</summary>
    Task<byte[]?> LoadAsync(IntegrationKey integration, CancellationToken cancellation);

    /// <summary>Replaces what is saved.</summary>
    Task SaveAsync(IntegrationKey integration, ReadOnlyMemory<byte> facts, CancellationToken cancellation);

    /// <summary>Forgets what is saved: the integration was deleted or connects to another account.</summary>
    Task DeleteAsync(IntegrationKey integration, CancellationToken cancellation);
}
