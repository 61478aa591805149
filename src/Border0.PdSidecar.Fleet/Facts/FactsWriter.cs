using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Fleet.Facts;

/// <summary>
/// Publishes what this sidecar polls for one integration, as long as it is the one that does: only what changed, and with each refresh
/// that the rest still is so. Every write compares the fencing token; once one is refused, nothing is written any more. Of two writes
/// of this sidecar, the one that was begun first is done first or not at all.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle nobody asks for holds nothing to free.")]
internal sealed partial class FactsWriter
{
    // etcd takes 128 operations and 1.5 MiB a transaction by default.
    private const int MaxOperations = 100;
    private const int MaxBytes = 512 << 10;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(250);

    private readonly EtcdClient _etcd;
    private readonly PagerDutyFeed _feed;
    private readonly PublishedFacts _published;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _account;
    private readonly Queue<string> _otherAccounts;
    private readonly DateTimeOffset _since;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _dirty = new(0);
    private readonly HashSet<RefreshKind> _refreshed = [];
    private readonly HashSet<string> _uncertain = new(StringComparer.Ordinal);
    private List<TaskCompletionSource> _waiting = [];
    private long? _writtenAt;

    /// <param name="etcd">The cluster.</param>
    /// <param name="feed">The integration.</param>
    /// <param name="token">The fencing token: the revision at which this sidecar's election key was made.</param>
    /// <param name="published">What stands in etcd; becomes this writer's own.</param>
    /// <param name="otherAccounts">Accounts that the integration was connected to before: what stands of them is deleted.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where logs go.</param>
    public FactsWriter(
        EtcdClient etcd, PagerDutyFeed feed, long token, PublishedFacts published, IEnumerable<string> otherAccounts, TimeProvider time, ILogger logger)
    {
        (_etcd, _feed, Token, _published, _time, _logger) = (etcd, feed, token, published, time, logger);
        (_account, _otherAccounts, _since) = (FleetKeys.AccountOf(feed.Connection.BaseUrl), new Queue<string>(otherAccounts), time.GetUtcNow());
    }

    /// <summary>The fencing token.</summary>
    public long Token { get; }

    /// <summary>Something was found.</summary>
    public void Touch()
    {
        if (_dirty.CurrentCount == 0)
        {
            _dirty.Release();
        }
    }

    /// <summary>A refresh has ended.</summary>
    public void Refreshed(RefreshKind kind)
    {
        lock (_lock)
        {
            _refreshed.Add(kind);
        }

        Touch();
    }

    /// <summary>Completes when all that is known now is published.</summary>
    public Task FlushAsync(CancellationToken cancellation)
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting.Add(flushed);
        }

        Touch();
        return flushed.Task.WaitAsync(cancellation);
    }

    /// <summary>Publishes until it is cancelled, or until another sidecar polls.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await _dirty.WaitAsync(cancellation);
                List<TaskCompletionSource> waiting;
                ImmutableArray<RefreshKind> refreshed;
                lock (_lock)
                {
                    (waiting, _waiting) = (_waiting, []);
                    refreshed = [.. _refreshed];
                    _refreshed.Clear();
                }

                try
                {
                    await PublishAsync(refreshed, cancellation);
                    waiting.ForEach(w => w.TrySetResult());
                }
                catch (Exception e) when (e is EtcdUnavailableException or EtcdRefusedException)
                {
                    lock (_lock)
                    {
                        _refreshed.UnionWith(refreshed);
                        _waiting.AddRange(waiting);
                    }

                    PublishFailed(_logger, _feed.Key, e.Message);
                    await Task.Delay(PauseAfterFailure, _time, cancellation);
                    Touch();
                }
            }
        }
        catch (FencedException)
        {
            FleetMetrics.Fenced.Add(1, new KeyValuePair<string, object?>("side", "write"));
            Fenced(_logger, _feed.Key, Token);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The turn has ended.
        }
    }

    private async Task PublishAsync(ImmutableArray<RefreshKind> refreshed, CancellationToken cancellation)
    {
        _writtenAt ??= (await _etcd.GetAsync(FleetKeys.Written(_feed.Key), cancellation)).ModRevision;
        while (_otherAccounts.TryPeek(out var other))
        {
            await CommitAsync(new EtcdTransaction().DeleteAll(FleetKeys.FactsOf(_feed.Key, other)), changesFacts: true, cancellation);
            _otherAccounts.Dequeue();
        }

        // One snapshot for all of it: what is confirmed is what was written.
        var facts = _feed.Publisher.Current;
        foreach (var key in _uncertain)
        {
            // Whether it was written is not known: it is written once more.
            _published.Services.Remove(key);
            _published.Policies.Remove(key);
        }

        var batch = new Batch(this);
        var difference = _published.To(facts);
        foreach (var policy in difference.Policies)
        {
            await batch.PutAsync(FleetKeys.Policy(_feed.Key, _account, policy.Id), policy.Id, FactsValue.Write(policy, Token), () => _published.Policies[policy.Id] = (policy, Token), cancellation);
        }

        foreach (var (id, service) in difference.Services)
        {
            await batch.PutAsync(FleetKeys.Service(_feed.Key, _account, id), id, FactsValue.Write(service, Token), () => _published.Services[id] = (service, Token), cancellation);
        }

        foreach (var id in difference.GoneServices)
        {
            await batch.DeleteAsync(FleetKeys.Service(_feed.Key, _account, id), () => _published.Services.Remove(id), cancellation);
        }

        foreach (var id in difference.GonePolicies)
        {
            await batch.DeleteAsync(FleetKeys.Policy(_feed.Key, _account, id), () => _published.Policies.Remove(id), cancellation);
        }

        foreach (var kind in refreshed)
        {
            await batch.PutAsync(FleetKeys.Confirmed(_feed.Key, _account, kind), "", FactsValue.Write(Confirm(facts, kind), Token), () => { }, cancellation);
        }

        await batch.SendAsync(cancellation);
        _uncertain.Clear();
    }

    private Confirmation Confirm(IntegrationFacts facts, RefreshKind kind)
    {
        var groups = ConfirmedGroups.Of(kind switch
        {
            RefreshKind.Incidents => facts.Incidents.Values.Select(i => (i.ServiceId, i.AsOf, (DateTimeOffset?)null)),
            RefreshKind.Services => facts.Services.Values.Select(s => (s.Id, s.AsOf, (DateTimeOffset?)null)),
            _ => facts.EscalationPolicies.Values.Select(p => (p.Id, p.AsOf, (DateTimeOffset?)p.KnownUntil)),
        });
        var status = FeedStatus.OfPolling(_feed);
        return new Confirmation(_time.GetUtcNow(), _since, groups, facts.Unauthorized, status.ToByteArray());
    }

    private async Task CommitAsync(EtcdTransaction transaction, bool changesFacts, CancellationToken cancellation)
    {
        var (poller, written) = (FleetKeys.Poller(_feed.Key), FleetKeys.Written(_feed.Key));
        transaction.IfCreatedAt(poller, Token).OtherwiseGet(poller);
        if (changesFacts)
        {
            transaction.IfUnchanged(written, _writtenAt ?? 0).Put(written, ByteString.Empty);
        }

        FleetMetrics.Publishes.Add(1, new KeyValuePair<string, object?>("integration", _feed.Key.ToString()));
        var result = await _etcd.CommitAsync(transaction, cancellation);
        if (result.Succeeded)
        {
            _writtenAt = changesFacts ? result.Revision : _writtenAt;
            return;
        }

        if (result.Reads is not [[{ } mine], ..] || mine.CreateRevision != Token)
        {
            throw new FencedException();
        }

        _writtenAt = null;
        throw new EtcdUnavailableException("a write that seemed lost was done after all");
    }

    [LoggerMessage(Level = LogLevel.Warning, EventName = "FactsNotPublished", Message = "{Integration}: facts could not be published and are tried again: {Why}")]
    private static partial void PublishFailed(ILogger logger, Engine.IntegrationKey integration, string why);

    [LoggerMessage(
        Level = LogLevel.Warning, EventName = "PollerFenced", Message = "{Integration}: etcd refused facts under token {Token}: another sidecar polls by now")]
    private static partial void Fenced(ILogger logger, Engine.IntegrationKey integration, long token);

    /// <summary>Another sidecar polls.</summary>
    private sealed class FencedException : Exception;

    /// <summary>Fills transactions up to what etcd takes.</summary>
    private sealed class Batch(FactsWriter writer)
    {
        private EtcdTransaction _transaction = new();
        private List<(string Id, Action Done)> _steps = [];
        private int _bytes;
        private bool _changesFacts;

        public async Task PutAsync(string key, string id, ByteString value, Action done, CancellationToken cancellation)
        {
            await MakeRoomAsync(value.Length, cancellation);
            _transaction.Put(key, value);
            _steps.Add((id, done));
            _changesFacts |= id.Length > 0;
            _bytes += key.Length + value.Length;
        }

        public async Task DeleteAsync(string key, Action done, CancellationToken cancellation)
        {
            await MakeRoomAsync(0, cancellation);
            _transaction.Delete(key);
            _steps.Add(("", done));
            _changesFacts = true;
            _bytes += key.Length;
        }

        public async Task SendAsync(CancellationToken cancellation)
        {
            if (_steps.Count == 0)
            {
                return;
            }

            // Until it is answered, what stands in etcd is not known.
            writer._uncertain.UnionWith(_steps.Select(s => s.Id));
            await writer.CommitAsync(_transaction, _changesFacts, cancellation);
            _steps.ForEach(s => s.Done());
            writer._uncertain.ExceptWith(_steps.Select(s => s.Id));
            FleetMetrics.PublishedBytes.Add(_bytes, new KeyValuePair<string, object?>("integration", writer._feed.Key.ToString()));
            (_transaction, _steps, _bytes, _changesFacts) = (new EtcdTransaction(), [], 0, false);
        }

        private Task MakeRoomAsync(int bytes, CancellationToken cancellation) =>
            _steps.Count >= MaxOperations || (_steps.Count > 0 && _bytes + bytes > MaxBytes) ? SendAsync(cancellation) : Task.CompletedTask;
    }
}
