using System.Diagnostics;
using System.Globalization;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Fleet;
using Border0.PdSidecar.Fleet.Facts;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Testing.Etcd;
using Google.Protobuf;

namespace Border0.PdSidecar.Scale;

/// <summary>Measures what one of each costs on a real etcd of one member: small, and within half a minute.</summary>
internal static class Measuring
{
    private const int Services = 2000;
    private const int Watches = 60;
    private static readonly IntegrationKey Integration = new("organization-0001", "pagerduty");
    private static readonly DateTimeOffset Now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
    private static readonly string Account = FleetKeys.AccountOf(new Uri("https://api.pagerduty.com"));

    public static async Task<UnitCosts> RunAsync()
    {
        await using var cluster = await EtcdCluster.StartAsync();
        using var etcd = NewClient(cluster);
        var pid = cluster.Machines[0].ProcessId;
        var confirmation = (Key: FleetKeys.Confirmed(Integration, Account, RefreshKind.Incidents), Value: Confirmation());

        var memory = ResidentKilobytes(pid);
        for (var i = 0; i < Services; i += 100)
        {
            var transaction = new EtcdTransaction();
            for (var s = i; s < i + 100; s++)
            {
                transaction.Put(FleetKeys.Service(Integration, Account, Id(s)), FactsValue.Write(Service(s), 1));
            }

            await etcd.CommitAsync(transaction, CancellationToken.None);
        }

        var keyKilobytes = (ResidentKilobytes(pid) - memory) / (double)Services;
        var (one, oneCpu) = await WriteAsync(etcd, pid, confirmation, count: 400, atATime: 1);
        var (many, manyCpu) = await WriteAsync(etcd, pid, confirmation, count: 6400, atATime: 64);
        var (eventMicroseconds, watchKilobytes) = await WatchAsync(cluster, etcd, pid, confirmation, manyCpu);
        var (mirrorKilobytes, confirmedMicroseconds) = Mirror();
        return new UnitCosts
        {
            ServiceBytes = FleetKeys.Service(Integration, Account, Id(1)).Length + FactsValue.Write(Service(1), 1).Length,
            PolicyBytes = FleetKeys.Policy(Integration, Account, Id(1)).Length + FactsValue.Write(Policy(1), 1).Length,
            ConfirmationBytes = confirmation.Key.Length + confirmation.Value.Length,
            WriteMilliseconds = one,
            WriteMicroseconds = Math.Min(oneCpu, manyCpu),
            WritesPerSecond = 1000 / many,
            EventMicroseconds = eventMicroseconds,
            EventBytes = confirmation.Key.Length + confirmation.Value.Length + 90,
            KeepAliveMicroseconds = await KeepAliveAsync(etcd, pid),
            WatchKilobytes = watchKilobytes,
            KeyKilobytes = keyKilobytes,
            MirrorKilobytes = mirrorKilobytes,
            ConfirmedMicroseconds = confirmedMicroseconds,
        };
    }

    /// <summary>Milliseconds and microseconds of etcd's CPU for each write.</summary>
    private static async Task<(double Milliseconds, double CpuMicroseconds)> WriteAsync(EtcdClient etcd, int pid, (string Key, ByteString Value) put, int count, int atATime)
    {
        var cpu = CpuMicroseconds(pid);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, atATime).Select(async writer =>
        {
            for (var i = 0; i < count / atATime; i++)
            {
                await etcd.CommitAsync(new EtcdTransaction().IfCreatedAt("fleet/nobody", 0).Put($"{put.Key}-{writer}", put.Value), CancellationToken.None);
            }
        }));
        return (watch.Elapsed.TotalMilliseconds / count, (CpuMicroseconds(pid) - cpu) / count);
    }

    /// <summary>What it costs that watches are told, beyond the writes; over connections of their own, as of sidecars.</summary>
    private static async Task<(double EventMicroseconds, double WatchKilobytes)> WatchAsync(
        EtcdCluster cluster, EtcdClient etcd, int pid, (string Key, ByteString Value) put, double writeCpu)
    {
        const int writes = 500;
        var memory = ResidentKilobytes(pid);
        var clients = Enumerable.Range(0, Watches).Select(_ => NewClient(cluster)).ToList();
        var seen = 0;
        using var stop = new CancellationTokenSource();
        var watches = new List<EtcdWatch>();
        foreach (var client in clients)
        {
            watches.Add(await client.WatchAsync(FleetKeys.All, 0, CancellationToken.None));
        }

        var kilobytes = (ResidentKilobytes(pid) - memory) / (double)Watches;
        var reading = watches.ConvertAll(w => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                Interlocked.Add(ref seen, (await w.NextAsync(stop.Token)).Changes.Count);
            }
        }));
        var cpu = CpuMicroseconds(pid);
        for (var i = 0; i < writes; i++)
        {
            await etcd.CommitAsync(new EtcdTransaction().IfCreatedAt("fleet/nobody", 0).Put(put.Key, put.Value), CancellationToken.None);
        }

        for (var patience = 0; Volatile.Read(ref seen) < writes * Watches && patience < 1000; patience++)
        {
            await Task.Delay(10);
        }

        var told = (CpuMicroseconds(pid) - cpu - (writes * writeCpu)) / (writes * (double)Watches);
        await stop.CancelAsync();
        await Task.WhenAll(reading.Select(async r =>
        {
            try
            {
                await r;
            }
            catch (Exception e) when (e is OperationCanceledException or EtcdUnavailableException)
            {
                // Stopped.
                return;
            }
        }));
        clients.ForEach(c => c.Dispose());
        return (Math.Max(told, 0), kilobytes);
    }

    private static async Task<double> KeepAliveAsync(EtcdClient etcd, int pid)
    {
        const int count = 1000;
        var lease = await etcd.GrantLeaseAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
        var cpu = CpuMicroseconds(pid);
        for (var i = 0; i < count; i++)
        {
            await etcd.KeepAliveAsync(lease, CancellationToken.None);
        }

        return (CpuMicroseconds(pid) - cpu) / count;
    }

    /// <summary>What a sidecar keeps of a service that it follows, mirror and facts, and what it costs to take a confirmation in.</summary>
    private static (double Kilobytes, double ConfirmedMicroseconds) Mirror()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var (mirror, facts) = (new IntegrationMirror(), new FactsStore());
        for (var i = 0; i < Services; i++)
        {
            mirror.Take(["service", Id(i)], new EtcdRecord("", FactsValue.Write(Service(i), 1), 1, 1, 1, 0), isLive: false, Now);
        }

        void Put() => facts.Apply(Integration, new FactsUpdate
        {
            Services = [.. mirror.Published.Services.Values.Select(s => s.Value.Service! with { AsOf = Now })],
            Incidents = [.. mirror.Published.Services.Values.Select(s => s.Value.Incidents! with { AsOf = Now })],
        });
        Put();
        var kilobytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / 1024.0 / Services;
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 20; i++)
        {
            Put();
        }

        var microseconds = watch.Elapsed.TotalMicroseconds / 20 / Services;
        GC.KeepAlive(mirror);
        return (kilobytes, microseconds);
    }

    private static EtcdClient NewClient(EtcdCluster cluster) =>
        new(new EtcdOptions { Endpoints = [cluster.Machines[0].Endpoint], CallTimeout = TimeSpan.FromSeconds(30) }, TimeProvider.System);

    private static ByteString Confirmation() => FactsValue.Write(
        new Confirmation(Now, Now, ConfirmedGroups.Of(Enumerable.Range(0, 100).Select(i => (Id(i), Now.AddMilliseconds(i), (DateTimeOffset?)null))), false, new byte[140]), 123_456);

    private static string Id(int i) => string.Create(CultureInfo.InvariantCulture, $"P{i * 7919 % 1_000_000:d6}");

    private static PublishedService Service(int i) => new(
        new ServiceFacts { Id = Id(i), Exists = true, Name = $"Service number {i} of the account", Status = "active", EscalationPolicyId = Id(i / 5), AsOf = Now },
        new IncidentFacts
        {
            ServiceId = Id(i),
            AsOf = Now,
            Open = i % 50 != 1 ? [] : [new OpenIncident { Id = $"Q{i:d13}", Number = i, Title = "Too many errors in the last five minutes", Assignees = [User(i)] }],
        });

    private static EscalationPolicyFacts Policy(int i) => new()
    {
        Id = Id(i),
        Name = $"Escalation policy {i}",
        AsOf = Now,
        KnownUntil = Now.AddHours(12),
        Shifts = [.. Enumerable.Range(0, 4).Select(s => new OnCallShift(User((i * 4) + s), 1 + (s / 2), Id(s), Now.AddHours(s % 2 * 8), Now.AddHours(8 + (s % 2 * 8))))],
    };

    private static PagerDutyUser User(int i) => new(Id(i), $"Given{i} Family{i}", $"given{i}.family{i}@example.com");

    private static double CpuMicroseconds(int pid)
    {
        // Fields 14 and 15 of stat, in hundredths of a second; behind the name, which may hold spaces.
        var fields = File.ReadAllText($"/proc/{pid}/stat").Split(')')[^1].Split(' ');
        return (long.Parse(fields[12], CultureInfo.InvariantCulture) + long.Parse(fields[13], CultureInfo.InvariantCulture)) * 10_000.0;
    }

    private static long ResidentKilobytes(int pid) => long.Parse(
        File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
}
