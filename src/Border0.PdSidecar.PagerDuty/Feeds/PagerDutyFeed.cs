using System.Collections.Concurrent;
using System.Collections.Frozen;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Archive;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>
/// Keeps one integration's facts fresh: three loops, fetches on demand, webhooks. Independent of every other integration
/// but for a shared key's rate budget. Safe from any thread.
/// </summary>
internal sealed class PagerDutyFeed : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PagerDutyClients _clients;
    private readonly RefreshLoop[] _loops;
    private readonly IncidentsRefresh _incidents;
    private readonly ServicesRefresh _services;
    private readonly OnDemandFetches _onDemand;
    private readonly FactsArchiver? _archiver;
    private readonly ConcurrentDictionary<string, string> _policyNames = new(StringComparer.Ordinal);
    private readonly Action<FeedRefreshed> _refreshed;
    private volatile IntegrationConnection _connection;
    private volatile PagerDutyClient _client;
    private Task _running = Task.CompletedTask;

    public PagerDutyFeed(
        IntegrationConnection connection,
        FactsStore facts,
        PagerDutyClients clients,
        PagerDutyFeedOptions options,
        TimeProvider time,
        ILogger logger,
        IFactsArchive? archive,
        Action<FeedRefreshed> refreshed)
    {
        Key = connection.Key;
        Options = options;
        Time = time;
        Logger = logger;
        Webhooks = new WebhookLog(time.GetUtcNow());
        PagerDutyMetrics.BeginWebhooks(connection.Key);
        _clients = clients;
        _connection = connection;
        _client = clients.For(connection.BaseUrl, connection.ApiKey);
        _refreshed = refreshed;
        Turn = new PollingTurn(always: !options.InFleet);
        Publisher = new FactsPublisher(connection.Key, facts, options, time);
        OnCall = new OnCallRefresh(this);
        _incidents = new IncidentsRefresh(this);
        _services = new ServicesRefresh(this);
        _onDemand = new OnDemandFetches(this, _services, _incidents, _stop.Token);
        _archiver = archive is null ? null : new FactsArchiver(Key, Publisher, archive, options, time, logger);
        _loops =
        [
            new(this, RefreshKind.Services, options.ServicesInterval, RefreshServicesAsync, time),
            new(this, RefreshKind.Incidents, options.IncidentsInterval, RefreshIncidentsAsync, time),
            new(this, RefreshKind.OnCall, options.OnCallInterval, RefreshOnCallAsync, time),
        ];
    }

    public IntegrationKey Key { get; }

    public PagerDutyFeedOptions Options { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public PagerDutyClient Client => _client;

    public FactsPublisher Publisher { get; }

    public OnCallRefresh OnCall { get; }

    public IntegrationConnection Connection => _connection;

    public WebhookLog Webhooks { get; }

    /// <summary>Whether it is here that PagerDuty is asked.</summary>
    public PollingTurn Turn { get; }

    /// <summary>The other sidecars; null when there are none.</summary>
    public IFeedFleet? Fleet { get; set; }

    /// <summary>What whoever polls says of how it is doing; null before the first time, and where nobody else does.</summary>
    public V1.IntegrationStatus? PollerStatus { get; set; }

    /// <summary>Who polls in the fleet; empty for nobody, and without one.</summary>
    public string PolledBy { get; set; } = "";

    /// <summary>Whether polls, here or elsewhere, have had their chance to say what is so now.</summary>
    public bool HasHeard(RefreshKind kind) => Loop(kind).Last is not null || PollerStatus is not null;

    public IReadOnlyList<RefreshLoop> Loops => _loops;

    /// <summary>Names of escalation policies as services' answers told them.</summary>
    public IReadOnlyDictionary<string, string> PolicyNames => _policyNames;

    public RefreshLoop Loop(RefreshKind kind) => Array.Find(_loops, l => l.Kind == kind)!;

    /// <summary>Begins when <paramref name="earlier"/> has ended: facts at rest first, then the loops.</summary>
    public void Start(Task earlier) => _running = Task.Run(() => RunAsync(earlier));

    /// <summary>Takes a changed connection; the address must be the same.</summary>
    public void Update(IntegrationConnection connection)
    {
        var before = _connection;
        _connection = connection;
        if (connection.ApiKey != before.ApiKey)
        {
            _client.Budget.Leave(this);
            _client = _clients.For(connection.BaseUrl, connection.ApiKey);
            foreach (var loop in _loops)
            {
                loop.Restart();
            }
        }

        if (!connection.ServiceIds.SetEquals(before.ServiceIds))
        {
            Publisher.Forget((id, _) => connection.ServiceIds.Contains(id));
            if (connection.ServiceIds.Except(before.ServiceIds).Any())
            {
                Loop(RefreshKind.Services).RequestWithin(TimeSpan.Zero);
                Loop(RefreshKind.Incidents).RequestWithin(TimeSpan.Zero);
            }
        }
    }

    /// <summary>It is this sidecar's turn to ask PagerDuty.</summary>
    /// <param name="holds">Whether the right to ask still holds.</param>
    public void BeginTurn(Func<bool> holds)
    {
        var oldest = OldestFacts.Of(this);
        Loop(RefreshKind.Incidents).Resume(oldest.Incidents);
        Loop(RefreshKind.OnCall).Resume(oldest.OnCall);
        Loop(RefreshKind.Services).Resume(oldest.Services);
        Turn.Begin(holds);
    }

    /// <summary>It is no longer.</summary>
    public void EndTurn()
    {
        Turn.End();
        _client.Budget.Leave(this);
    }

    /// <inheritdoc cref="PagerDutyFeeds.SyncAsync"/>
    public async Task<SyncOutcome> SyncAsync(CancellationToken cancellation)
    {
        if (!Turn.IsMine && Fleet is { } fleet)
        {
            return await fleet.SyncAsync(Key, cancellation);
        }

        var started = Time.GetTimestamp();
        var services = await Loop(RefreshKind.Services).OnceAsync(RequestPriority.OnDemand, cancellation);
        var rest = await Task.WhenAll(
            Loop(RefreshKind.Incidents).OnceAsync(RequestPriority.OnDemand, cancellation),
            Loop(RefreshKind.OnCall).OnceAsync(RequestPriority.OnDemand, cancellation));
        var report = services.And(rest[0]).And(rest[1]);
        var facts = Publisher.Current;
        return new SyncOutcome(
            report.Outcome,
            report.Message,
            services.Items,
            rest[1].Items,
            _connection.ServiceIds.Sum(id => facts.Incidents.TryGetValue(id, out var i) ? i.Open.Length : 0),
            Time.GetElapsedTime(started));
    }

    /// <inheritdoc cref="PagerDutyFeeds.EnsureKnownAsync"/>
    public ValueTask<PagerDutyOutcome> EnsureKnownAsync(string serviceId, CancellationToken cancellation) =>
        _onDemand.EnsureKnownAsync(serviceId, cancellation);

    /// <summary>Reads one service anew, with its incidents and shifts, without anybody waiting for it.</summary>
    public void Refetch(string serviceId) => _onDemand.Refetch(serviceId);

    public void NamePolicy(ServiceAnswer service)
    {
        if (service.Facts.EscalationPolicyId is { } policy && service.EscalationPolicyName.Length > 0)
        {
            _policyNames[policy] = service.EscalationPolicyName;
        }
    }

    /// <summary>A loop has refreshed.</summary>
    public void Refreshed(RefreshKind kind, RefreshReport report)
    {
        Publisher.PublishRefusal(_loops.Any(l => l.Last?.IsRefused == true));
        _archiver?.Touch();
        _refreshed(new FeedRefreshed(Key, kind, report.Outcome));
    }

    /// <summary>The machine's clock was set: how old facts are is not known any more, so all are read anew.</summary>
    public void ClockSet()
    {
        foreach (var loop in _loops)
        {
            loop.RequestWithin(TimeSpan.Zero);
        }
    }

    /// <summary>A webhook has changed facts.</summary>
    public void Touched() => _archiver?.Touch();

    /// <summary>Stops without a last save: the facts are to be forgotten.</summary>
    public async Task AbandonAsync()
    {
        Publisher.Stop();
        await StopAsync();
        if (_archiver is not null)
        {
            await _archiver.DeleteAsync(CancellationToken.None);
        }
    }

    /// <summary>Stops, and saves the facts a last time.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_archiver is not null)
        {
            await _archiver.SaveAsync(CancellationToken.None);
        }
    }

    private async Task StopAsync()
    {
        _client.Budget.Leave(this);
        await _stop.CancelAsync();
        await _running;
        await _onDemand.WhenIdleAsync();
    }

    private async Task RunAsync(Task earlier)
    {
        try
        {
            await earlier.WaitAsync(_stop.Token);
            if (_archiver is not null)
            {
                await _archiver.LoadAsync(_stop.Token);
            }

            await Task.WhenAll(
                [.. _loops.Select(l => l.RunAsync(_stop.Token)), _archiver?.RunAsync(_stop.Token) ?? Task.CompletedTask]);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private async Task<RefreshReport> RefreshServicesAsync(RequestPriority priority, CancellationToken cancellation)
    {
        var wanted = _connection.ServiceIds;
        var report = await _services.RunAsync([.. wanted], priority, cancellation);
        // What was asked for on demand and has no policy is kept for one round.
        var oldest = Time.GetUtcNow() - Options.ServicesInterval;
        Publisher.Forget((id, asOf) => _connection.ServiceIds.Contains(id) || asOf > oldest);
        return report;
    }

    private Task<RefreshReport> RefreshIncidentsAsync(RequestPriority priority, CancellationToken cancellation) =>
        _incidents.RunAsync(_connection.ServiceIds, priority, cancellation);

    private Task<RefreshReport> RefreshOnCallAsync(RequestPriority priority, CancellationToken cancellation)
    {
        var wanted = _connection.ServiceIds;
        var policies = Publisher.Current.Services.Values
            .Where(s => wanted.Contains(s.Id)).Select(s => s.EscalationPolicyId).OfType<string>().Distinct();
        return OnCall.RunAsync(policies.Order(StringComparer.Ordinal).ToFrozenSet(), priority, cancellation);
    }
}
