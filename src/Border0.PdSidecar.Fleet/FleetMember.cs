using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Fleet.Asking;
using Border0.PdSidecar.Fleet.Election;
using Border0.PdSidecar.Fleet.Facts;
using Border0.PdSidecar.Fleet.Passing;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Fleet;

/// <summary>
/// Makes a sidecar one of a fleet that shares an etcd: of each integration one of them asks PagerDuty, the others get its facts, and
/// webhooks that any of them is delivered reach all.
/// </summary>
/// <remarks>
/// Everything goes through one watch of one prefix, so that it is seen in the order in which it was written: the facts of one poller
/// before the election of the next. What is written is compared with the election's fencing token.
/// </remarks>
public sealed partial class FleetMember : IAsyncDisposable
{
    private readonly EtcdClient _etcd;
    private readonly PagerDutyFeeds _feeds;
    private readonly WebhookReceiver _webhooks;
    private readonly FleetOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _id;
    private readonly FleetView _view;
    private readonly MemberLease _lease;
    private readonly FleetRequests _requests;
    private readonly EventOutbox _outbox;
    private readonly Elections _elections;
    private readonly FleetFacts _facts;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Meter _meter = new("Border0.PdSidecar");
    private Task _running = Task.CompletedTask;
    private volatile string _trouble = "";
    private int _disposed;

    /// <summary>Not a member yet.</summary>
    /// <param name="etcd">The cluster; not disposed of here.</param>
    /// <param name="feeds">Made with <see cref="PagerDutyFeedOptions.InFleet"/>, and nothing applied to them yet.</param>
    /// <param name="webhooks">What receives webhooks for them.</param>
    /// <param name="options">Delays.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Where logs go.</param>
    public FleetMember(EtcdClient etcd, PagerDutyFeeds feeds, WebhookReceiver webhooks, FleetOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        (_etcd, _feeds, _webhooks, _options, _time, _logger) = (etcd, feeds, webhooks, options, time, loggers.CreateLogger<FleetMember>());
        _id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        _view = new FleetView(time);
        _lease = new MemberLease(etcd, _id, options, time, _logger);
        _requests = new FleetRequests(etcd, _id, _lease, options, time, _logger);
        _outbox = new EventOutbox(etcd, options, time, _logger);
        _facts = new FleetFacts(feeds, time);
        _elections = new Elections(etcd, _id, feeds, _view, _lease, _facts, options, time, _logger);
        feeds.Fleet = _requests;
        _meter.CreateObservableGauge("pdsidecar.fleet.members", () => _view.Members.Count, "{sidecar}", "Sidecars that are members of the fleet, as this one sees it.");
        _meter.CreateObservableGauge("pdsidecar.fleet.interrupted", () => _trouble.Length > 0 ? 1 : 0, "{state}", "1 while this sidecar has no contact to etcd, and its facts grow old.");
        _meter.CreateObservableGauge(
            "pdsidecar.fleet.is_poller",
            () => feeds.All.Select(f => new Measurement<int>(f.Turn.IsMine ? 1 : 0, new KeyValuePair<string, object?>("integration", f.Key.ToString()))),
            "{state}",
            "1 where this sidecar polls PagerDuty for the integration.");
        _meter.CreateObservableGauge(
            "pdsidecar.fleet.clock.difference",
            () => _facts.ClockDifferences.Select(d => new Measurement<double>(d.Difference.TotalSeconds, new KeyValuePair<string, object?>("integration", d.Integration.ToString()))),
            "s",
            "By how much this machine's clock seems to be ahead of the poller's, the fastest delivery of the last minute included; negative: behind.");
    }

    /// <summary>What tells this sidecar apart from the others.</summary>
    public string Id => _id;

    /// <summary>Why there is no contact to etcd at present; empty when there is.</summary>
    public string Trouble => _trouble;

    /// <summary>The integrations that this sidecar polls.</summary>
    public IReadOnlyCollection<IntegrationKey> Polled => _elections.Polled;

    /// <summary>The ids of the members, as this one sees it.</summary>
    public IReadOnlyCollection<string> Members => [.. _view.Members.Keys];

    /// <summary>The id of the member that polls an integration; null for nobody.</summary>
    public string? PollerOf(IntegrationKey integration) => _view.PollerOf(integration)?.Member;

    /// <summary>Becomes a member. Returns when what the fleet knows is known here, or after <paramref name="patience"/>.</summary>
    public async Task StartAsync(TimeSpan patience, CancellationToken cancellation)
    {
        _feeds.Applied += OnApplied;
        _feeds.Refreshed += _elections.Refreshed;
        _webhooks.Heard += _outbox.Put;
        _lease.Changed += _elections.LeaseChanged;
        OnApplied();
        (string Name, Func<CancellationToken, Task> Run)[] parts =
        [
            ("following", FollowAsync),
            ("lease", _lease.RunAsync),
            ("lease watch", _lease.WatchAsync),
            ("elections", _elections.RunAsync),
            ("events", _outbox.RunAsync),
        ];
        _running = Task.WhenAll(parts.Select(part => Task.Run(() => AlwaysAsync(part.Name, part.Run), CancellationToken.None)));
        try
        {
            await _listed.Task.WaitAsync(patience, _time, cancellation);
        }
        catch (TimeoutException)
        {
            FleetNotReached(_logger, patience, _trouble);
        }
    }

    /// <summary>Gives up what it polls and leaves, so that others go on at once.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        _feeds.Applied -= OnApplied;
        _feeds.Refreshed -= _elections.Refreshed;
        _webhooks.Heard -= _outbox.Put;
        await _stop.CancelAsync();
        await _running;
        await _elections.DisposeAsync();
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), _time))
        {
            await _lease.LeaveAsync(patience.Token);
        }

        _meter.Dispose();
        _stop.Dispose();
    }

    private void OnApplied()
    {
        _facts.FeedsChanged();
        _elections.Wake();
    }

    private async Task FollowAsync(CancellationToken cancellation)
    {
        await foreach (var news in new EtcdFollower(_etcd, FleetKeys.All, _time).FollowAsync(cancellation))
        {
            switch (news)
            {
                case EtcdNews.Listed listed:
                    Take(listed.Listing);
                    _listed.TrySetResult();
                    break;
                case EtcdNews.Changed { Changes.Changes: { Count: > 0 } changes }:
                    Take(changes);
                    break;
                case EtcdNews.Interrupted interrupted:
                    _trouble = interrupted.Reason;
                    FleetInterrupted(_logger, interrupted.Reason);
                    break;
                case EtcdNews.Resumed:
                    _trouble = "";
                    FleetResumed(_logger);
                    break;
                default:
                    break;
            }
        }
    }

    private void Take(EtcdListing listing)
    {
        _trouble = "";
        _view.Take(listing);
        _facts.Take(listing, _view);
        _elections.Restart();
        foreach (var record in listing.Records)
        {
            TakeRest(record);
        }

        _elections.Wake();
    }

    private void Take(IReadOnlyList<EtcdChange> changes)
    {
        var elected = false;
        var rest = new List<EtcdChange>();
        foreach (var change in changes)
        {
            if (_view.Take(change))
            {
                elected = true;
                _facts.Fence(change.Record);
            }
            else if (!_facts.Take(change))
            {
                rest.Add(change);
            }
        }

        // Whoever gets an answer finds the facts that it speaks of.
        _facts.Put();
        foreach (var change in rest)
        {
            if (change.IsDeleted)
            {
                _elections.Forget(change.Record.Key);
            }
            else
            {
                TakeRest(change.Record);
            }
        }

        if (elected)
        {
            _elections.Wake();
        }
    }

    private void TakeRest(EtcdRecord record)
    {
        if (FleetKeys.TryRead(record.Key, FleetKeys.Events, out var integration, out _) && PassedEvent.Read(record.Value.Span) is { } passed)
        {
            FleetMetrics.WatchLag.Record((_time.GetUtcNow() - passed.SentAt).TotalSeconds, new KeyValuePair<string, object?>("what", "event"));
            _webhooks.TakeFromFleet(integration, passed.WebhookId, passed.Event);
        }
        else if (FleetKeys.TryRead(record.Key, FleetKeys.Requests, out var asked, out _) && FleetRequest.Read(record.Value.Span) is { } request)
        {
            _requests.Take(record.Key, request);
            _elections.Asked(asked, record, request);
        }
    }

    /// <summary>A part that died of something unforeseen would leave the fleet without its poller for good.</summary>
    private async Task AlwaysAsync(string part, Func<CancellationToken, Task> run)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await run(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                FleetPartThrew(_logger, part, e);
                await Task.Delay(TimeSpan.FromSeconds(1), _time, CancellationToken.None);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, EventName = "FleetNotReached", Message = "What the fleet knows was not there within {Patience}: starting without it ({Why})")]
    private static partial void FleetNotReached(ILogger logger, TimeSpan patience, string why);

    [LoggerMessage(Level = LogLevel.Warning, EventName = "FleetInterrupted", Message = "No contact to the fleet, facts grow old: {Why}")]
    private static partial void FleetInterrupted(ILogger logger, string why);

    [LoggerMessage(Level = LogLevel.Information, EventName = "FleetResumed", Message = "In contact with the fleet again")]
    private static partial void FleetResumed(ILogger logger);

    [LoggerMessage(Level = LogLevel.Error, EventName = "FleetPartThrew", Message = "The fleet's {Part} failed unexpectedly and begins anew")]
    private static partial void FleetPartThrew(ILogger logger, string part, Exception exception);
}
