using Border0.PdSidecar.Testing.Etcd;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.EndToEnd.Tests.Fleet;

/// <summary>Three sidecars as processes that share a real etcd: one of them polls PagerDuty, also when it stands still or is killed.</summary>
public sealed class PollingTests : IDisposable
{
    private readonly TemporaryFolder[] _folders = [new(), new(), new()];

    public void Dispose()
    {
        foreach (var folder in _folders)
        {
            folder.Dispose();
        }
    }

    [Fact]
    public async Task One_of_three_polls_and_what_it_or_a_webhook_tells_ends_sessions_at_all_of_them()
    {
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var etcd = await EtcdCluster.StartAsync();
        var sidecars = new List<Sidecar>();
        try
        {
            foreach (var (i, folder) in _folders.Index())
            {
                sidecars.Add(await Sidecar.StartAsync(
                    folder,
                    pagerDuty.BaseAddress,
                    more:
                    [
                        "--storage", "etcd", "--etcd-endpoints", etcd.Endpoints, "--etcd-prefix", "/fleet/", "--encryption-key-file", _folders[0].Path("fleet.key"),
                        "--fleet-name", $"sidecar-{i}", "--fleet-lease", "3s", "--incidents-interval", "1s",
                    ]));
            }

            // PagerDuty's webhooks go to the first one.
            await pagerDuty.ConnectAsync(sidecars[0]);
            await StoryTests.CreatePolicyAsync(sidecars[0], new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireIncident = true });
            var poller = await PollerAsync(sidecars, except: null);

            // A sync is answered wherever it is asked for, and is done by the one that polls.
            var incident = pagerDuty.Trigger("down");
            foreach (var sidecar in sidecars)
            {
                Assert.Equal(1, (await sidecar.Integrations.SyncIntegrationAsync(new SyncIntegrationRequest { Name = SimulatedPagerDuty.IntegrationName })).OpenIncidents);
            }

            await using var watches = await Watches.StartAsync(sidecars);
            await AllowedEverywhereAsync(sidecars, "s1");
            pagerDuty.Resolve(incident);
            await watches.RevokedEverywhereAsync("s1");

            // The one that polls stands still: another one does, and it writes nothing more when it goes on.
            incident = pagerDuty.Trigger("down again");
            await AllowedEverywhereAsync(sidecars, "s2");
            var stopped = sidecars[poller[^1] - '0'];
            stopped.Run.Freeze();
            var rest = sidecars.Where(s => s != stopped).ToList();
            var next = await PollerAsync(rest, except: poller);
            pagerDuty.Resolve(incident);
            await watches.RevokedEverywhereAsync("s2", rest);
            stopped.Run.Thaw();
            await watches.RevokedEverywhereAsync("s2", [stopped]);
            Assert.Equal(next, await PollerAsync(sidecars, except: poller));

            // It is killed: what is left polls.
            await sidecars[next[^1] - '0'].KillAsync();
            rest = [.. sidecars.Where(s => s != sidecars[next[^1] - '0'])];
            _ = await PollerAsync(rest, except: next);
            pagerDuty.Trigger("and again");
            await AllowedEverywhereAsync(rest, "s3");
        }
        finally
        {
            foreach (var sidecar in sidecars)
            {
                sidecar.Run.Thaw();
                await sidecar.DisposeAsync();
            }
        }
    }

    /// <summary>Who polls, once all see the same one and its facts are well.</summary>
    private static Task<string> PollerAsync(IReadOnlyList<Sidecar> sidecars, string? except) => Eventually.SeesAsync(
        async () =>
        {
            var seen = await StatusAsync(sidecars);
            return seen.Select(s => s.PolledBy).Distinct().ToList() is [{ Length: > 0 } one] && one != except && seen.All(s => s.State == IntegrationState.Ok) ? one : null;
        },
        "one poller",
        TimeSpan.FromSeconds(60));

    private static async Task<IReadOnlyList<IntegrationStatus>> StatusAsync(IReadOnlyList<Sidecar> sidecars)
    {
        var all = new List<IntegrationStatus>();
        foreach (var sidecar in sidecars)
        {
            all.Add((await sidecar.Integrations.GetIntegrationAsync(new GetIntegrationRequest { Name = SimulatedPagerDuty.IntegrationName })).Integration.Status);
        }

        return all;
    }

    private static async Task AllowedEverywhereAsync(IReadOnlyList<Sidecar> sidecars, string key)
    {
        foreach (var sidecar in sidecars)
        {
            await Eventually.SeesAsync(async () => (await StoryTests.EvaluateAsync(sidecar, key)).Decision == Decision.Allow ? "" : null, $"{key} allowed", TimeSpan.FromSeconds(60));
        }
    }

    /// <summary>A connector's watch at each sidecar.</summary>
    private sealed class Watches : IAsyncDisposable
    {
        private readonly Dictionary<Sidecar, Watching> _watches = [];

        public static async Task<Watches> StartAsync(IReadOnlyList<Sidecar> sidecars)
        {
            var all = new Watches();
            foreach (var sidecar in sidecars)
            {
                all._watches[sidecar] = await Watching.StartAsync(sidecar.Evaluation, new WatchSessionsRequest { ConnectorId = "c1" });
            }

            return all;
        }

        public async Task RevokedEverywhereAsync(string key, IReadOnlyList<Sidecar>? at = null)
        {
            foreach (var sidecar in at ?? [.. _watches.Keys])
            {
                Assert.Equal(key, (await _watches[sidecar].NextAsync(TimeSpan.FromSeconds(60))).SessionRevoked?.SessionKey);
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var watch in _watches.Values)
            {
                await watch.DisposeAsync();
            }
        }
    }
}
