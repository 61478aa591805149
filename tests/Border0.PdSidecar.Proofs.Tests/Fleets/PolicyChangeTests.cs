using System.Diagnostics;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Testing.Etcd;
using Border0.PdSidecar.V1;
using Xunit.Abstractions;

namespace Border0.PdSidecar.Proofs.Tests.Fleets;

/// <summary>How soon a policy that is made at one sidecar is in force at all the others: whole sidecars on one real etcd.</summary>
public class PolicyChangeTests(ITestOutputHelper output)
{
    private static readonly int Count = Soak.Runs(3, 20);

    [Fact]
    public async Task APolicyThatIsMadeAtOneSidecar_IsInForceAtAll()
    {
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var etcd = await EtcdCluster.StartAsync();
        var prefix = etcd.NewPrefix();
        using var key = new TemporaryFolder();
        var hosts = new List<HostInProcess>();
        try
        {
            for (var i = 0; i < Count; i++)
            {
                hosts.Add(await HostInProcess.StartAsync(TimeProvider.System, pagerDuty.BaseAddress, change: o => o with
                {
                    Storage = StorageKind.Etcd,
                    Etcd = new EtcdOptions { Endpoints = [etcd.Machines[0].Endpoint], Prefix = prefix },
                    EncryptionKeyFile = key.Path("fleet.key"),
                }));
            }

            var (each, last) = (new List<double>(), new List<double>());
            for (var change = 0; change < Soak.Runs(6, 40); change++)
            {
                var wanted = change % 2 == 0 ? Decision.Allow : Decision.Deny;
                var begun = Stopwatch.GetTimestamp();
                var seen = hosts.Select(h => Task.Run(() => SeenAsync(h, wanted, begun))).ToList();
                if (wanted == Decision.Allow)
                {
                    await hosts[0].Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = Everybody() });
                }
                else
                {
                    await hosts[0].Policies.DeletePolicyAsync(new DeletePolicyRequest { Name = "everybody" });
                }

                var all = await Task.WhenAll(seen);
                each.AddRange(all.Skip(1));
                last.Add(all.Max());
            }

            each.Sort();
            last.Sort();
            Soak.Report(output, $"a policy made or deleted at one of {Count} sidecars is in force at another after {each[each.Count / 2]:0.0} ms (median), {each[^1]:0.0} ms (most), "
                + $"at all of them after {last[last.Count / 2]:0.0} ms (median), from the call on, as a connector sees it that asks again and again");
        }
        finally
        {
            await Task.WhenAll(hosts.Select(h => h.DisposeAsync().AsTask()));
        }
    }

    private static Policy Everybody() => new() { Name = "everybody", OrgWide = true, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } };

    private static async Task<double> SeenAsync(HostInProcess host, Decision wanted, long begun)
    {
        while (true)
        {
            var answer = await host.Evaluation.EvaluateAsync(new EvaluateRequest { ConnectorId = "c1", SocketId = "s", SocketType = "ssh", UserEmail = "alice@example.com" });
            if (answer.Decision == wanted)
            {
                return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            }

            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromMinutes(1), "the policy is not in force");
            await Task.Delay(3);
        }
    }
}
