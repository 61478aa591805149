using System.Collections.Concurrent;
using System.Diagnostics;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Fleet.Tests.Sidecars;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Border0.PdSidecar.Testing.Etcd;
using Xunit.Abstractions;

namespace Border0.PdSidecar.Proofs.Tests.Fleets;

/// <summary>What a fleet costs PagerDuty, and how soon all know what one was told, measured on a real etcd and reported.</summary>
public class FleetFiguresTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Lived = TimeSpan.FromSeconds(Soak.IsLong ? 60 : 4);
    private static readonly int Count = Soak.Runs(5, 20);
    private static readonly int Services = Soak.Runs(50, 500);
    private static readonly int Trials = Soak.Runs(5, 40);

    [Fact]
    public async Task AFleet_AsksPagerDutyNoMoreThanOneSidecar_AndWhatOneIsTold_AllKnow()
    {
        // Three members are what the schedules have.
        foreach (var members in Soak.IsLong ? (int[])[1, 3] : [1])
        {
            await MeasureAsync(members);
        }
    }

    private async Task MeasureAsync(int members)
    {
        await using var cluster = await EtcdCluster.StartAsync(members);
        var (alone, _) = await LiveAsync(cluster, 1, measure: false);
        var (fleet, figures) = await LiveAsync(cluster, Count, measure: true);
        Soak.Report(output, $"fleet of {Count}, {Services} services, etcd of {members}: {fleet} requests to PagerDuty in {Lived.TotalSeconds:0} s from the start, {alone} by one sidecar alone; {figures}");

        // One poll more or less, where a second begins; its batches.
        Assert.True(fleet <= alone + (alone / 10) + 12, $"{fleet} requests by a fleet of {Count}, {alone} by one sidecar");
    }

    private static async Task<(int Requests, string Figures)> LiveAsync(EtcdCluster cluster, int count, bool measure)
    {
        await using var account = await FleetAccount.StartAsync(Services);
        var prefix = cluster.NewPrefix();
        var sidecars = new List<FleetSidecar>();
        try
        {
            sidecars.Add(await FleetSidecar.StartAsync("s0", cluster, prefix, account));
            await KnownAsync(sidecars, account);
            var begun = Stopwatch.StartNew();
            for (var i = 1; i < count; i++)
            {
                sidecars.Add(await FleetSidecar.StartAsync($"s{i}", cluster, prefix, account));
            }

            await KnownAsync(sidecars, account);
            var left = Lived - begun.Elapsed;
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            var requests = account.Server.Requests.Count();
            Assert.Equal(requests, sidecars.Sum(s => s.Requests));

            // The one that began may have given it to a better choice by now; nobody else has asked anything.
            Assert.InRange(sidecars.Count(s => s.Requests > 0), 1, 2);
            return (requests, measure ? await MeasureAsync(sidecars, account) : "");
        }
        finally
        {
            await Task.WhenAll(sidecars.Select(s => s.DisposeAsync().AsTask()));
        }
    }

    private static async Task<string> MeasureAsync(List<FleetSidecar> sidecars, FleetAccount account)
    {
        var revoked = new List<double>();
        var known = new List<double>();
        var at = sidecars.First(s => !s.Polls);
        for (var trial = 0; trial < Trials; trial++)
        {
            var service = account.Services[trial % account.Services.Count];
            var incident = account.Account.TriggerIncident(service, "down");
            known.AddRange(await ArrivalsAsync(sidecars, service.Id, () => Assert.Equal(WebhookOutcome.Accepted, at.Deliver($"T{trial}", incident.Id, service.Id, resolved: false, DateTimeOffset.UtcNow))));
            var key = $"held{trial}";
            Assert.All(sidecars, s => Assert.True(s.Evaluate(service.Id, key).Allowed));
            account.Account.Resolve(incident);
            var sent = Stopwatch.GetTimestamp();
            Assert.Equal(WebhookOutcome.Accepted, at.Deliver($"R{trial}", incident.Id, service.Id, resolved: true, DateTimeOffset.UtcNow));
            await Eventually.SeesAsync(() => sidecars.All(s => s.Revoked.ContainsKey(key)) ? "" : null, "revocations everywhere");
            revoked.AddRange(sidecars.Where(s => s != at).Select(s => Stopwatch.GetElapsedTime(sent, s.Revoked[key].At).TotalMilliseconds));
        }

        // A change that a poll finds: from when the one that polls knows it to when the others do.
        var polled = new List<double>();
        for (var trial = 0; trial < Trials / 4; trial++)
        {
            var poller = sidecars.Single(s => s.Polls);
            var service = account.Services[^(trial + 1)];
            account.Account.TriggerIncident(service, "down");
            polled.AddRange(await ArrivalsAsync(sidecars, service.Id, () => _ = poller.Feeds.SyncAsync(FleetAccount.Integration, CancellationToken.None), from: poller));
        }

        return $"a webhook at one sidecar opens the door at the others after {Of(known)}, revokes at the others after {Of(revoked)}; what a poll finds is known to the others {Of(polled)} after the one that polls knows it";
    }

    /// <summary>Milliseconds until each sidecar knows of a change to a service: from when it is brought about, or from when one of them knows.</summary>
    private static async Task<IEnumerable<double>> ArrivalsAsync(List<FleetSidecar> sidecars, string service, Action bringAbout, FleetSidecar? from = null)
    {
        var arrived = new ConcurrentDictionary<FleetSidecar, long>();
        var handlers = sidecars.ToDictionary(s => s, s => (Action<FactsChange>)(change =>
        {
            if (change.ServiceIds.Contains(service))
            {
                arrived.TryAdd(s, Stopwatch.GetTimestamp());
            }
        }));
        foreach (var (sidecar, handler) in handlers)
        {
            sidecar.Facts.Changed += handler;
        }

        var begun = Stopwatch.GetTimestamp();
        bringAbout();
        await Eventually.SeesAsync(() => arrived.Count == sidecars.Count ? "" : null, "the change everywhere", TimeSpan.FromSeconds(60));
        foreach (var (sidecar, handler) in handlers)
        {
            sidecar.Facts.Changed -= handler;
        }

        return arrived.Where(a => a.Key != from).Select(a => Stopwatch.GetElapsedTime(from is null ? begun : arrived[from], a.Value).TotalMilliseconds);
    }

    private static Task<string> KnownAsync(List<FleetSidecar> sidecars, FleetAccount account) => Eventually.SeesAsync(
        () => sidecars.All(s => s.Known.Incidents.Count == account.Services.Count && s.Known.Services.Count == account.Services.Count) ? "" : null, "facts everywhere", TimeSpan.FromSeconds(120));

    private static string Of(List<double> milliseconds)
    {
        milliseconds.Sort();
        return $"{milliseconds[milliseconds.Count / 2]:0.0} ms (median), {milliseconds[(int)(milliseconds.Count * 0.99)]:0.0} ms (99 %), {milliseconds[^1]:0.0} ms (most)";
    }
}
