using System.Collections.Concurrent;
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
public sealed partial class PagerDutyFeeds : IAsyncDisposable
{
    private readonly Lock _applying = new();
    private readonly ConcurrentDictionary<IntegrationKey, PagerDutyFeed> _feeds = new();
    private readonly FactsStore _facts;
    private readonly PagerDutyClients _clients;
    private readonly PagerDutyFeedOptions _options;
    private readonly ILogger _logger;
    private readonly IFactsArchive? _archive;
    private readonly FeedGauges _gauges;
    private Task _ending = Task.CompletedTask;

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
        IFactsArchive? archive = null)
    {
        _facts = facts;
        _clients = clients;
        _options = options;
        Time = time;
        _logger = loggers.CreateLogger<PagerDutyFeeds>();
        _archive = archive;
        _gauges = new FeedGauges(() => _feeds.Values, time);
    }

    /// <summary>Raised after every refresh of a loop or a sync, on the refresh's thread. Handlers must be quick.</summary>
    public event Action<FeedRefreshed>? Refreshed;

    /// <summary>Raised after <see cref="Apply"/>, on its thread. Handlers must be quick.</summary>
    internal event Action? Applied;

    internal TimeProvider Time { get; }

    /// <summary>The other sidecars; null when there are none. Set before the first <see cref="Apply"/>.</summary>
    internal IFeedFleet? Fleet { get; set; }

    internal IEnumerable<PagerDutyFeed> All => _feeds.Values;

    internal ILogger Logger => _logger;

    /// <summary>
    /// Makes the feeds those of <paramref name="connections"/>: starts new ones, stops those that are gone (their facts are
    /// forgotten), hands changes to the others. New service ids are fetched at once. Returns without waiting for PagerDuty.
    /// </summary>
    public void Apply(IReadOnlyCollection<IntegrationConnection> connections)
    {
        lock (_applying)
        {
            var wanted = connections.ToDictionary(c => c.Key);
            foreach (var (key, feed) in _feeds)
            {
                // Another address is another account: what was known of the old one says nothing about it.
                if (!wanted.TryGetValue(key, out var connection) || connection.BaseUrl != feed.Connection.BaseUrl)
                {
                    _feeds.TryRemove(key, out _);
                    Abandon(feed);
                }
            }

            foreach (var connection in wanted.Values)
            {
                if (_feeds.TryGetValue(connection.Key, out var feed))
                {
                    feed.Update(connection);
                }
                else
                {
                    Start(connection);
                }
            }
        }

        Applied?.Invoke();
    }

    /// <summary>Refreshes everything of an integration now; done when the facts are published.</summary>
    public Task<SyncOutcome> SyncAsync(IntegrationKey integration, CancellationToken cancellation) =>
        _feeds.TryGetValue(integration, out var feed)
            ? feed.SyncAsync(cancellation)
            : Task.FromResult(new SyncOutcome(
                PagerDutyOutcome.NotFound, "There is no such integration.", 0, 0, 0, TimeSpan.Zero));

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
        IntegrationKey integration, string serviceId, CancellationToken cancellation) =>
        _feeds.TryGetValue(integration, out var feed)
            ? feed.EnsureKnownAsync(serviceId, cancellation)
            : ValueTask.FromResult(PagerDutyOutcome.NotFound);

    /// <summary>How an integration is doing; state PENDING when there is no such feed.</summary>
    public IntegrationStatus Status(IntegrationKey integration) =>
        _feeds.TryGetValue(integration, out var feed)
            ? FeedStatus.Of(feed)
            : new IntegrationStatus { State = IntegrationState.Pending };

    /// <summary>How old the oldest facts in use are.</summary>
    public FactsAges Ages(IntegrationKey integration)
    {
        if (!_feeds.TryGetValue(integration, out var feed))
        {
            return default;
        }

        var now = Time.GetUtcNow();
        var oldest = OldestFacts.Of(feed);
        return new FactsAges(now - oldest.Incidents, now - oldest.OnCall, now - oldest.Services);
    }

    /// <summary>Stops all feeds, keeps the facts, saves them a last time.</summary>
    public async ValueTask DisposeAsync()
    {
        _gauges.Dispose();
        List<PagerDutyFeed> feeds;
        Task ending;
        lock (_applying)
        {
            feeds = [.. _feeds.Values];
            _feeds.Clear();
            ending = _ending;
        }

        await Task.WhenAll(feeds.Select(f => f.DisposeAsync().AsTask()));
        await ending;
    }

    internal PagerDutyFeed? Find(IntegrationKey integration) => _feeds.GetValueOrDefault(integration);

    private void Start(IntegrationConnection connection)
    {
        var feed = new PagerDutyFeed(
            connection, _facts, _clients, _options, Time, _logger, _archive, r => Refreshed?.Invoke(r))
        { Fleet = Fleet };
        _feeds[connection.Key] = feed;
        // What an earlier feed of this name is still deleting must not outlive what this one saves.
        feed.Start(_ending);
        FeedStarted(_logger, connection.Key, connection.BaseUrl, connection.ServiceIds.Count);
    }

    private void Abandon(PagerDutyFeed feed)
    {
        _ending = Task.WhenAll(_ending, feed.AbandonAsync());
        _facts.Forget(feed.Key);
        FeedStopped(_logger, feed.Key);
    }

    [LoggerMessage(
        Level = LogLevel.Information, EventName = "FeedStarted", Message = "{Integration}: polling {BaseUrl} for {Services} services")]
    private static partial void FeedStarted(ILogger logger, IntegrationKey integration, Uri baseUrl, int services);

    [LoggerMessage(
        Level = LogLevel.Information, EventName = "FeedStopped", Message = "{Integration}: no longer polled, its facts are forgotten")]
    private static partial void FeedStopped(ILogger logger, IntegrationKey integration);
}
