namespace Border0.PdSidecar.Testing.Etcd;

/// <summary>
/// A real etcd of one or more members (Debian's etcd-server, which eng/prepare installs), on free ports of loopback and with its data in a
/// folder that is gone afterwards. Tests that share one take a prefix each.
/// </summary>
public sealed class EtcdCluster : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private int _prefixes;

    private EtcdCluster(DirectoryInfo folder, IReadOnlyList<EtcdMachine> machines) => (_folder, Machines) = (folder, machines);

    public IReadOnlyList<EtcdMachine> Machines { get; }

    /// <summary>As the option etcd_endpoints takes them.</summary>
    public string Endpoints => string.Join(',', Machines.Select(m => m.Endpoint.OriginalString));

    /// <summary>Starts it, and returns once it answers.</summary>
    /// <param name="members">How many members.</param>
    /// <param name="scheme">"https" when the arguments give it a certificate.</param>
    /// <param name="more">More arguments for every member.</param>
    public static Task<EtcdCluster> StartAsync(int members = 1, string scheme = "http", params string[] more) =>
        StartAsync(() => Prepare(members, scheme, (_, peer) => peer, more));

    /// <summary>Starts it with something between its members, and returns once it answers.</summary>
    /// <param name="members">How many members.</param>
    /// <param name="reachedAt">Where the others reach a member, by its number and the address where it listens for them.</param>
    /// <param name="more">More arguments for every member.</param>
    public static Task<EtcdCluster> StartBehindAsync(int members, Func<int, Uri, Uri> reachedAt, params string[] more) =>
        StartAsync(() => Prepare(members, "http", reachedAt, more));

    private static async Task<EtcdCluster> StartAsync(Func<EtcdCluster> prepare)
    {
        for (var tries = 1; ; tries++)
        {
            var cluster = prepare();
            try
            {
                foreach (var machine in cluster.Machines)
                {
                    machine.Start();
                }

                await Task.WhenAll(cluster.Machines.Select(m => m.HealthyAsync()));
                return cluster;
            }
            catch (Exception e) when (e is InvalidOperationException or TimeoutException)
            {
                // Somebody else took one of the ports meanwhile.
                var isTaken = cluster.Machines.Any(m => m.Said.Contains("address already in use", StringComparison.Ordinal));
                await cluster.DisposeAsync();
                if (!isTaken || tries == 5)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>A prefix that no other test has.</summary>
    public string NewPrefix() => $"/t{Interlocked.Increment(ref _prefixes)}/";

    /// <summary>Who leads. Waits for an election.</summary>
    public Task<EtcdMachine> LeaderAsync() => Eventually.SeesAsync(
        async () =>
        {
            foreach (var machine in Machines)
            {
                if (await machine.IsLeaderAsync())
                {
                    return machine;
                }
            }

            return null;
        },
        "a leader",
        TimeSpan.FromSeconds(60));

    /// <summary>Runs etcdctl against the members that run; fails when it fails.</summary>
    public async Task<string> ControlAsync(params string[] arguments)
    {
        await using var run = ProgramRun.Start(
            "etcdctl",
            ["--endpoints", string.Join(',', Machines.Where(m => m.IsRunning).Select(m => m.Endpoint.OriginalString)), .. arguments],
            environment: new Dictionary<string, string> { ["ETCDCTL_API"] = "3" });
        var code = await run.ExitAsync(TimeSpan.FromSeconds(60));
        return code == 0 ? run.Output : throw new InvalidOperationException($"etcdctl {string.Join(' ', arguments)}: {run.Output}\n{run.Errors}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in Machines)
        {
            await machine.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private static EtcdCluster Prepare(int members, string scheme, Func<int, Uri, Uri> reachedAt, string[] more)
    {
        var folder = Directory.CreateTempSubdirectory("pds-etcd-");
        var ports = EtcdMachine.FreePorts(members * 3);
        string[] peers = [.. Enumerable.Range(0, members).Select(i => reachedAt(i, new Uri($"http://127.0.0.1:{ports[(i * 3) + 1]}")).GetLeftPart(UriPartial.Authority))];
        var all = string.Join(',', peers.Select((peer, i) => $"m{i}={peer}"));
        string[] cluster = ["--initial-cluster", all, "--initial-cluster-state", "new", "--initial-cluster-token", folder.Name, .. more];
        return new EtcdCluster(
            folder,
            [
                .. Enumerable.Range(0, members).Select(i => new EtcdMachine(
                    $"m{i}", folder.FullName, scheme, ports[i * 3], ports[(i * 3) + 1], ports[(i * 3) + 2], ["--initial-advertise-peer-urls", peers[i], .. cluster])),
            ]);
    }
}
