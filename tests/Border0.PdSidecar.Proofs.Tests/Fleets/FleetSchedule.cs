using System.Diagnostics;
using System.Globalization;
using Border0.PdSidecar.Fleet;
using Border0.PdSidecar.Fleet.Tests.Sidecars;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Google.Protobuf;

namespace Border0.PdSidecar.Proofs.Tests.Fleets;

/// <summary>
/// One run: a fleet and a cluster of three real etcd members to which things happen in a random order, while incidents come and go,
/// connections are decided on everywhere, and an oracle that knows how the account truly was holds every answer against it.
/// </summary>
internal sealed class FleetSchedule(EtcdNetwork network, int seed) : IAsyncDisposable
{
    private const int Sidecars = 4;
    private static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan SessionMaxStaleness = TimeSpan.FromSeconds(16);

    // The machine is shared: what is decided is noted a little later.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    private static readonly FleetOptions Options = new() { LeaseTimeToLive = TimeSpan.FromSeconds(3), RebalanceAfter = TimeSpan.FromSeconds(2) };
    private static readonly PagerDutyFeedOptions Feeds = new()
    {
        IncidentsInterval = TimeSpan.FromSeconds(1),
        OnCallInterval = TimeSpan.FromSeconds(10),
        WebhookGrace = TimeSpan.FromSeconds(2),
        Jitter = static () => 0,
    };

    private readonly Random _random = new(seed);
    private readonly List<FleetSidecar> _sidecars = [];
    private readonly HashSet<FleetSidecar> _frozen = [];
    private readonly Dictionary<(FleetSidecar Sidecar, string Service), (string Key, DateTimeOffset FromOldFacts)> _held = [];
    private readonly List<string> _written = [];
    private readonly List<string> _story = [];
    private readonly string _prefix = network.Cluster.NewPrefix();
    private FleetAccount _account = null!;
    private FleetTruth _truth = null!;
    private EtcdClient _writer = null!;
    private int _keys;
    private int _events;
    private int _names;
    private int _endedRequests;

    public int Decisions { get; private set; }

    public int Allowed { get; private set; }

    public int Revocations { get; private set; }

    public int Written => _written.Count;

    public int Requests => _endedRequests + _sidecars.Sum(s => s.Requests);

    public Dictionary<string, int> Faults { get; } = [];

    public TimeSpan Converged { get; private set; }

    /// <summary>What happened, for the message of a failure.</summary>
    public string Story => string.Join('\n', _story);

    public async Task RunAsync(TimeSpan faults)
    {
        _account = await FleetAccount.StartAsync(6, MaxStaleness, SessionMaxStaleness);
        _truth = new FleetTruth(_account);
        _writer = new EtcdClient(new EtcdOptions { Endpoints = [.. network.Cluster.Machines.Select(m => m.Endpoint)], Prefix = _prefix, CallTimeout = TimeSpan.FromSeconds(6) }, TimeProvider.System);
        await Task.WhenAll(Enumerable.Range(0, Sidecars).Select(_ => AddAsync()));
        await Eventually.SeesAsync(() => _sidecars.All(s => s.Known.Incidents.Count == _account.Services.Count) ? "" : null, "facts everywhere", TimeSpan.FromSeconds(60));

        using var stop = new CancellationTokenSource();
        var writing = WriteAsync(stop.Token);
        var begun = Stopwatch.StartNew();
        var pending = new List<(TimeSpan At, Func<Task> Undo)>();
        var nextFault = TimeSpan.Zero;
        while (begun.Elapsed < faults)
        {
            if (begun.Elapsed >= nextFault)
            {
                if (await InjectAsync() is { } undo)
                {
                    pending.Add((begun.Elapsed + TimeSpan.FromMilliseconds(_random.Next(500, 5000)), undo));
                }

                nextFault = begun.Elapsed + TimeSpan.FromMilliseconds(_random.Next(300, 1500));
            }

            foreach (var due in pending.Where(p => p.At <= begun.Elapsed).ToList())
            {
                pending.Remove(due);
                await due.Undo();
            }

            Live();
            await Task.Delay(20, CancellationToken.None);
        }

        foreach (var (_, undo) in pending)
        {
            await undo();
        }

        await stop.CancelAsync();
        await writing;
        Note("all is mended");
        await ConvergeAsync();
        await EverythingWrittenIsThereAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _sidecars.ForEach(s => s.Thaw());
        await Task.WhenAll(_sidecars.Select(s => s.DisposeAsync().AsTask()));
        _writer?.Dispose();
        if (_account is not null)
        {
            await _account.DisposeAsync();
        }
    }

    private async Task<FleetSidecar> AddAsync()
    {
        var sidecar = await FleetSidecar.StartAsync($"s{Interlocked.Increment(ref _names)}", network.Cluster, _prefix, _account, Options, Feeds);
        lock (_sidecars)
        {
            _sidecars.Add(sidecar);
        }

        return sidecar;
    }

    /// <summary>Does something to somebody, and says how it is undone; null when nothing was done.</summary>
    private async Task<Func<Task>?> InjectAsync()
    {
        var standing = _sidecars.Where(s => !_frozen.Contains(s)).ToList();
        var poller = standing.FirstOrDefault(s => s.Polls);
        var any = standing.Count == 0 ? null : standing[_random.Next(standing.Count)];
        var broken = network.Cluster.Machines.Any(m => !m.IsRunning) || _cluster;
        switch (_random.Next(8))
        {
            case 0 or 1 when !broken:
                var leader = await network.Cluster.LeaderAsync();
                var machine = _random.Next(3) == 0 ? network.Cluster.Machines[_random.Next(3)] : leader;
                _cluster = true;
                Count(machine == leader ? "etcd leader killed" : "etcd member killed");
                await machine.KillAsync();
                return async () =>
                {
                    await machine.RestartAsync();
                    (_cluster, _) = (false, Note($"etcd {machine.Name} is back"));
                };
            case 2 when !broken:
                var cut = network.Cluster.Machines[_random.Next(3)];
                _cluster = true;
                Count($"etcd member cut off");
                network.CutOff(cut);
                return () =>
                {
                    network.Mend();
                    (_cluster, _) = (false, Note($"etcd {cut.Name} is reached again"));
                    return Task.CompletedTask;
                };
            case 3 or 4 when (poller ?? any) is { } frozen && standing.Count > 1:
                Count(frozen == poller ? "poller stopped" : "sidecar stopped");
                _frozen.Add(frozen);
                frozen.Freeze();
                return () =>
                {
                    Note($"{frozen.Name} goes on");
                    frozen.Thaw();
                    _frozen.Remove(frozen);
                    return Task.CompletedTask;
                };
            case 5 when (_random.Next(2) == 0 ? poller ?? any : any) is { } killed && standing.Count > 1:
                Count(killed == poller ? "poller killed" : "sidecar killed");
                _sidecars.Remove(killed);
                _endedRequests += killed.Requests;
                foreach (var held in _held.Keys.Where(h => h.Sidecar == killed).ToList())
                {
                    // Its connectors find another sidecar.
                    _held.Remove(held);
                }

                await killed.KillAsync();
                return AddAsync;
            case 6 when any is not null:
                Count(any == poller ? "poller cut off from etcd" : "sidecar cut off from etcd");
                any.CutOff();
                return () =>
                {
                    Note($"{any.Name} reaches etcd again");
                    any.Mend();
                    return Task.CompletedTask;
                };
            default:
                return null;
        }
    }

    private bool _cluster;

    /// <summary>Something happens in PagerDuty now and then; everybody is asked; what is held is looked at.</summary>
    private void Live()
    {
        if (_random.Next(15) == 0)
        {
            var service = _account.Services[_random.Next(_account.Services.Count)];
            var (incident, resolved) = _truth.Toggle(service);
            var standing = _sidecars.Where(s => !_frozen.Contains(s)).ToList();
            if (_random.Next(2) == 0 && standing.Count > 0)
            {
                standing[_random.Next(standing.Count)].Deliver($"E{++_events}", incident.Id, service.Id, resolved, DateTimeOffset.UtcNow);
            }
        }

        foreach (var sidecar in _sidecars.Where(s => !_frozen.Contains(s)))
        {
            Ask(sidecar, _account.Services[_random.Next(_account.Services.Count)].Id);
        }

        Judge();
    }

    private void Ask(FleetSidecar sidecar, string service)
    {
        var asked = DateTimeOffset.UtcNow;
        var isHeld = _held.ContainsKey((sidecar, service));
        var key = isHeld ? "" : $"k{++_keys}";
        var answer = sidecar.Evaluate(service, key);
        Decisions++;
        if (!answer.Allowed)
        {
            return;
        }

        Allowed++;
        Assert.True(
            _truth.WasOpenWithin(service, asked - MaxStaleness - Slack, DateTimeOffset.UtcNow),
            $"{sidecar.Name} allowed {service} at {asked:HH:mm:ss.fff} on facts beyond the bound: no incident since {_truth.Since(service):HH:mm:ss.fff}");
        if (!isHeld)
        {
            _held[(sidecar, service)] = (key, asked);
        }
    }

    /// <summary>A session that is not allowed any more ends, at the latest when the facts that speak for it are too old.</summary>
    private void Judge()
    {
        var now = DateTimeOffset.UtcNow;
        foreach (var ((sidecar, service), (key, opened)) in _held.ToList())
        {
            if (sidecar.Revoked.ContainsKey(key))
            {
                Revocations++;
                _held.Remove((sidecar, service));
                continue;
            }

            // One that stands still cannot revoke; its connectors cut what it holds, as it is silent.
            Assert.True(
                _frozen.Contains(sidecar) || _truth.WasOpenWithin(service, now - SessionMaxStaleness - Slack, now),
                $"{sidecar.Name} holds {key} of {service}, open since {opened:HH:mm:ss.fff}, at {now:HH:mm:ss.fff} on facts beyond the bound: no incident since {_truth.Since(service):HH:mm:ss.fff}");
        }
    }

    /// <summary>Once all is well, everybody knows what is so, everything that has to be revoked is, and one sidecar polls.</summary>
    private async Task ConvergeAsync()
    {
        var begun = Stopwatch.StartNew();
        string? missing = "";
        while (begun.Elapsed < TimeSpan.FromSeconds(40) && missing is not null)
        {
            Judge();
            missing = _sidecars.Select(Wrong).FirstOrDefault(w => w is not null)
                ?? (_sidecars.Count(s => s.Polls) == 1 ? null : $"{_sidecars.Count(s => s.Polls)} sidecars poll")
                ?? _held.Keys.Where(h => !_truth.IsOpen(h.Service)).Select(h => $"{h.Sidecar.Name} has not revoked its session of {h.Service}").FirstOrDefault();
            await Task.Delay(20);
        }

        Assert.Null(missing);
        Converged = begun.Elapsed;
    }

    private string? Wrong(FleetSidecar sidecar)
    {
        foreach (var service in _account.Services)
        {
            Decisions++;
            if (sidecar.Evaluate(service.Id).Allowed != _truth.IsOpen(service.Id))
            {
                return $"{sidecar.Name} (trouble: {sidecar.Fleet.Trouble}) does not know that {service.Id} is {(_truth.IsOpen(service.Id) ? "open" : "well")}";
            }
        }

        return null;
    }

    /// <summary>Somebody writes all the time, and keeps what was acknowledged.</summary>
    private async Task WriteAsync(CancellationToken cancellation)
    {
        for (var i = 0; !cancellation.IsCancellationRequested; i++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"written/{i:d6}");
            try
            {
                await _writer.CommitAsync(new EtcdTransaction().IfAbsent(key).Put(key, ByteString.CopyFromUtf8("x")), CancellationToken.None);
                _written.Add(key);
            }
            catch (EtcdUnavailableException)
            {
                // Not acknowledged.
                continue;
            }

            await Task.Delay(10, CancellationToken.None);
        }
    }

    private async Task EverythingWrittenIsThereAsync()
    {
        var there = (await _writer.ListAsync("written/", CancellationToken.None)).Records.Select(r => r.Key).ToHashSet();
        Assert.Equal([], _written.Where(w => !there.Contains(w)));
    }

    private void Count(string fault)
    {
        Faults[fault] = Faults.GetValueOrDefault(fault) + 1;
        Note(fault);
    }

    private int Note(string what)
    {
        _story.Add($"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {what}; polling: {string.Join(',', _sidecars.Where(s => s.Polls).Select(s => s.Name))}");
        return 0;
    }
}
