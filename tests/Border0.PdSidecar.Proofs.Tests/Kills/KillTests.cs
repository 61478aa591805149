using System.Collections.Concurrent;
using System.Diagnostics;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Simulator.Model;
using Border0.PdSidecar.V1;
using Xunit.Abstractions;

namespace Border0.PdSidecar.Proofs.Tests.Kills;

/// <summary>kill -9 at random points while incidents open and close and sessions are opened as fast as the sidecar answers.</summary>
public class KillTests(ITestOutputHelper output)
{
    private const string Secret = "a secret of the webhook subscription";

    [Fact]
    public async Task KilledAtRandomPoints_TheSidecarOwesEachRevocationExactlyOnce()
    {
        var kills = Soak.Runs(20, 200);
        var seed = Soak.Seed(9);
        var random = new Random(seed);
        var watch = Stopwatch.StartNew();
        using var folder = new TemporaryFolder();
        var account = new PagerDutyAccount(TimeProvider.System);
        await using var pagerDuty = await SimulatorServer.StartAsync(account);
        var incidents = Populate(account, services: (2 * kills) + 4);
        await CreatePoliciesAsync(folder, pagerDuty.BaseAddress, account);

        await using var connector = new CountingConnector(folder.Path("grpc.sock"), "c1");
        var open = new ConcurrentQueue<SimulatedService>(account.Services);
        var resolved = new ConcurrentDictionary<string, bool>();
        var sessions = 0;
        for (var kill = 0; kill < kills; kill++)
        {
            await using var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
            var services = open.Take(4).ToList();
            await EveryServiceKnownAsync(sidecar, services);
            var opening = Enumerable.Range(0, 3).Select(_ => connector.OpenUntilGoneAsync(() =>
            {
                var number = Interlocked.Increment(ref sessions);
                return ($"s{number}", $"socket-{services[number % services.Count].Name}");
            })).ToList();

            // Resolved before the kill by something between nothing and a few milliseconds, or while the sidecar is away.
            await Task.Delay(random.Next(20, 120));
            var killing = kill % 3 == 2 ? Task.CompletedTask : Task.Delay(random.Next(0, 12)).ContinueWith(_ => sidecar.KillAsync(), TaskScheduler.Default).Unwrap();
            if (kill % 3 == 2)
            {
                await sidecar.KillAsync();
            }

            for (var i = 0; i < 2 && open.TryDequeue(out var service); i++)
            {
                account.Resolve(incidents[service.Id]);
                resolved[$"socket-{service.Name}"] = true;
            }

            await killing;
            await Task.WhenAll(opening);
        }

        await using var last = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
        await Eventually.SeesAsync(
            () => connector.Held.All(k => !resolved.ContainsKey(connector.Opened[k])) ? "all" : null, "every revocation that is owed", TimeSpan.FromSeconds(60));

        // A duplicate would follow upon the last; what the sidecar holds is what the connector holds.
        await last.Integrations.SyncIntegrationAsync(new SyncIntegrationRequest { Name = "pd" });
        var owed = connector.Opened.Where(o => resolved.ContainsKey(o.Value)).Select(o => o.Key).ToHashSet();
        Soak.Report(output, $"kill -9, seed {seed}: {kills} kills, {connector.Opened.Count} sessions opened, {owed.Count} revocations owed, "
            + $"{connector.Revoked.Count} sessions revoked, {connector.Subscriptions} subscriptions, {connector.Resyncs} resyncs, in {watch.Elapsed.TotalSeconds:0} s");
        Assert.Empty(connector.OutOfOrder);
        Assert.DoesNotContain(connector.Revoked, r => r.Value != 1);
        Assert.DoesNotContain(owed, k => !connector.Revoked.ContainsKey(k));
        Assert.DoesNotContain(connector.Revoked.Keys, k => connector.Opened.TryGetValue(k, out var socket) && !resolved.ContainsKey(socket));
        Assert.Equal(0, connector.Resyncs);
        Assert.True(owed.Count > 5 * kills, $"only {owed.Count} revocations were owed: that shows little");
    }

    private static Dictionary<string, SimulatedIncident> Populate(PagerDutyAccount account, int services)
    {
        account.AddKey("kill-key");
        var policy = account.AddEscalationPolicy("Everybody", account.AddUser("Alice", "alice@example.com"));
        return Enumerable.Range(0, services)
            .Select(i => account.AddService($"service{i}", policy))
            .ToDictionary(s => s.Id, s => account.TriggerIncident(s, "down"));
    }

    private static async Task CreatePoliciesAsync(TemporaryFolder folder, Uri pagerDuty, PagerDutyAccount account)
    {
        await using var sidecar = await Sidecar.StartAsync(folder, pagerDuty);
        await sidecar.Integrations.CreateIntegrationAsync(new CreateIntegrationRequest
        {
            Integration = new Integration { Name = "pd", ApiKey = "kill-key", WebhookSecrets = { Secret } },
        });
        foreach (var service in account.Services)
        {
            await sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest
            {
                Policy = new Policy
                {
                    Name = service.Name,
                    SocketIds = { $"socket-{service.Name}" },
                    Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
                    Integrations =
                    {
                        new IntegrationCondition
                        {
                            IntegrationName = "pd",
                            PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = service.Id, RequireIncident = true },
                        },
                    },
                },
            });
        }

        sidecar.Run.Terminate();
        await sidecar.Run.ExitAsync();
    }

    /// <summary>Waits until new connections are let in again: the first poll has been answered.</summary>
    private static Task<string> EveryServiceKnownAsync(Sidecar sidecar, IEnumerable<SimulatedService> services) => Eventually.SeesAsync(
        async () =>
        {
            foreach (var service in services)
            {
                var answer = await sidecar.Evaluation.EvaluateAsync(
                    new EvaluateRequest { SocketId = $"socket-{service.Name}", SocketType = "ssh", UserEmail = "alice@example.com" });
                if (answer.Decision != Decision.Allow)
                {
                    return null;
                }
            }

            return "all";
        },
        "the services");
}
