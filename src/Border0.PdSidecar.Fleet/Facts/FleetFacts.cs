using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Fleet.Election;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.Storage.Etcd.Connection;

namespace Border0.PdSidecar.Fleet.Facts;

/// <summary>What stands in etcd of every integration's facts, and how it gets into the facts here where another sidecar polls. Safe from any thread.</summary>
internal sealed class FleetFacts(PagerDutyFeeds feeds, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(IntegrationKey Integration, string Account), IntegrationMirror> _mirrors = [];
    private readonly Dictionary<IntegrationKey, PagerDutyFeed> _known = [];
    private readonly HashSet<IntegrationKey> _polledHere = [];
    private readonly HashSet<IntegrationKey> _touched = [];

    /// <summary>By how much this machine's clock seems to be ahead of the pollers'.</summary>
    public IReadOnlyList<(IntegrationKey Integration, TimeSpan Difference)> ClockDifferences
    {
        get
        {
            lock (_lock)
            {
                return [.. _mirrors.Where(m => m.Value.ClockDifference is not null && !_polledHere.Contains(m.Key.Integration)).Select(m => (m.Key.Integration, m.Value.ClockDifference!.Value))];
            }
        }
    }

    /// <summary>All that there is.</summary>
    public void Take(EtcdListing listing, FleetView view)
    {
        lock (_lock)
        {
            foreach (var (key, mirror) in _mirrors)
            {
                mirror.Begin();
                _touched.Add(key.Integration);
            }

            foreach (var record in listing.Records)
            {
                if (FleetKeys.TryRead(record.Key, FleetKeys.Facts, out var integration, out var rest) && rest.Length > 1)
                {
                    Of(integration, rest[0]).Take(rest.AsSpan(1), record, isLive: false, time.GetUtcNow());
                    _touched.Add(integration);
                }
            }

            foreach (var (key, mirror) in _mirrors)
            {
                if (view.PollerOf(key.Integration) is { } poller)
                {
                    mirror.Fence(poller.Token);
                }
            }

            Put();
        }
    }

    /// <summary>Takes a change, to be put into the facts by <see cref="Put"/>. False when it is none of facts.</summary>
    public bool Take(EtcdChange change)
    {
        if (!FleetKeys.TryRead(change.Record.Key, FleetKeys.Facts, out var integration, out var rest) || rest.Length < 2)
        {
            return false;
        }

        lock (_lock)
        {
            var mirror = Of(integration, rest[0]);
            _touched.Add(integration);
            if (change.IsDeleted)
            {
                mirror.Remove(rest.AsSpan(1));
            }
            else if (!mirror.Take(rest.AsSpan(1), change.Record, isLive: true, time.GetUtcNow()))
            {
                FleetMetrics.Fenced.Add(1, new KeyValuePair<string, object?>("side", "read"));
            }
        }

        return true;
    }

    /// <summary>An election key was written: of whoever polled before, nothing is taken any more.</summary>
    public void Fence(EtcdRecord record)
    {
        if (FleetKeys.TryRead(record.Key, FleetKeys.Pollers, out var integration, out _))
        {
            lock (_lock)
            {
                foreach (var (key, mirror) in _mirrors)
                {
                    if (key.Integration == integration)
                    {
                        mirror.Fence(record.CreateRevision);
                    }
                }
            }
        }
    }

    /// <summary>Puts what was taken into the facts, where another sidecar polls.</summary>
    public void Put()
    {
        lock (_lock)
        {
            foreach (var integration in _touched)
            {
                if (!_polledHere.Contains(integration) && feeds.Find(integration) is { } feed)
                {
                    var isNew = !_known.TryGetValue(integration, out var known) || known != feed;
                    _known[integration] = feed;
                    Of(integration, FleetKeys.AccountOf(feed.Connection.BaseUrl)).PutInto(feed, everything: isNew);
                }
            }

            _touched.Clear();
        }
    }

    /// <summary>There may be feeds that have got nothing yet.</summary>
    public void FeedsChanged()
    {
        lock (_lock)
        {
            foreach (var feed in feeds.All)
            {
                if (!_known.TryGetValue(feed.Key, out var known) || known != feed)
                {
                    _touched.Add(feed.Key);
                }
            }

            foreach (var gone in _known.Keys.Where(k => feeds.Find(k) is null).ToList())
            {
                _known.Remove(gone);
            }

            Put();
        }
    }

    /// <summary>This sidecar polls from now on: nothing is put into that integration's facts, until <see cref="EndTurn"/>.</summary>
    /// <returns>What stands in etcd, and the other accounts of which something does.</returns>
    public (PublishedFacts Published, IReadOnlyList<string> OtherAccounts) BeginTurn(PagerDutyFeed feed)
    {
        lock (_lock)
        {
            var account = FleetKeys.AccountOf(feed.Connection.BaseUrl);
            var mirror = Of(feed.Key, account);
            if (!_known.TryGetValue(feed.Key, out var known) || known != feed)
            {
                _known[feed.Key] = feed;
                mirror.PutInto(feed, everything: true);
            }

            mirror.PolledHere();
            _polledHere.Add(feed.Key);
            return (mirror.Published.Copy(), [.. _mirrors.Keys.Where(k => k.Integration == feed.Key && k.Account != account).Select(k => k.Account)]);
        }
    }

    /// <summary>It does no longer.</summary>
    public void EndTurn(PagerDutyFeed feed)
    {
        lock (_lock)
        {
            _polledHere.Remove(feed.Key);
            _known.Remove(feed.Key);
            _touched.Add(feed.Key);
            Put();
        }
    }

    private IntegrationMirror Of(IntegrationKey integration, string account)
    {
        if (!_mirrors.TryGetValue((integration, account), out var mirror))
        {
            _mirrors.Add((integration, account), mirror = new IntegrationMirror());
        }

        return mirror;
    }
}
