using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Archive;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.V1;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>
/// Keeps the facts of every integration fresh. Owns one feed per integration; all members are safe from any thread.
/// </summary>
public sealed class PagerDutyFeeds : IAsyncDisposable
{
    /// <summary>Starts with no integrations; <see cref="Apply"/> brings them.</summary>
    /// <param name="facts">Where facts are published.</param>
    /// <param name="clients">Where the clients come from; not disposed of here.</param>
    /// <param name="options">Cadences.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Where logs go.</param>
    /// <param name="archive">Keeps facts at rest; null: nothing is kept.</param>
    public PagerDutyFeeds(
        FactsStore facts,
        PagerDutyClients clients,
        PagerDutyFeedOptions options,
        TimeProvider time,
        ILoggerFactory loggers,
        IFactsArchive? archive = null) => throw new NotImplementedException();

    /// <summary>
    /// Makes the feeds those of <paramref name="connections"/>: starts new ones, stops those that are gone (their facts are
    /// forgotten), hands changes to the others. New service ids are fetched at once. Returns without waiting for PagerDuty.
    /// </summary>
    public void Apply(IReadOnlyCollection<IntegrationConnection> connections) => throw new NotImplementedException();

    /// <summary>Refreshes everything of an integration now; done when the facts are published.</summary>
    public Task<SyncOutcome> SyncAsync(IntegrationKey integration, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>
    /// Makes sure that a service, its incidents and its escalation policy's shifts are known, fetching them at once if
    /// they are not: one fetch for any number of waiters. Completes synchronously when they are known.
    /// </summary>
    /// <param name="integration">The integration.</param>
    /// <param name="serviceId">PagerDuty's id of the service.</param>
    /// <param name="cancellation">Ends the caller's wait, not the fetch.</param>
    /// <returns>
    /// <see cref="PagerDutyOutcome.Ok"/> when the facts are there (also facts that say "no such service"); what prevented
    /// it otherwise; <see cref="PagerDutyOutcome.NotFound"/> when there is no such feed.
    /// </returns>
    public ValueTask<PagerDutyOutcome> EnsureKnownAsync(
        IntegrationKey integration, string serviceId, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>How an integration is doing; state PENDING when there is no such feed.</summary>
    public IntegrationStatus Status(IntegrationKey integration) => throw new NotImplementedException();

    /// <summary>How old the oldest facts in use are.</summary>
    public FactsAges Ages(IntegrationKey integration) => throw new NotImplementedException();

    /// <summary>Stops all feeds, keeps the facts, saves them a last time.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
