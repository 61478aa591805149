using System.Diagnostics;
using Border0.PdSidecar.Testing.Etcd;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.EndToEnd.Tests.Fleet;

/// <summary>Sidecars that share their configuration through a real etcd.</summary>
public sealed class SharedConfigurationTests : IDisposable
{
    private readonly TemporaryFolder _one = new();
    private readonly TemporaryFolder _other = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _one.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task What_is_made_at_one_decides_at_another_and_goes_on_while_etcd_is_away()
    {
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var etcd = await EtcdCluster.StartAsync();
        await using var one = await StartAsync(_one, etcd, pagerDuty);
        await using var other = await StartAsync(_other, etcd, pagerDuty);
        await pagerDuty.ConnectAsync(one);
        await StoryTests.CreatePolicyAsync(one, new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireBeOncall = true });

        // Its writer has it in force at once, the other one soon.
        Assert.Equal(Decision.Allow, (await StoryTests.EvaluateAsync(one, "s1")).Decision);
        await DecidesAsync(other, Decision.Allow);
        await using var watch = await Watching.StartAsync(other.Evaluation, new WatchSessionsRequest { ConnectorId = "c1" });
        Assert.Equal(Decision.Allow, (await StoryTests.EvaluateAsync(other, "s2")).Decision);

        // A write under the etag of before is refused, wherever the later one was made.
        var known = (await other.Policies.GetPolicyAsync(new GetPolicyRequest { Name = "responders" })).Policy;
        await one.Policies.AttachPolicyAsync(new AttachPolicyRequest { Name = "responders", SocketIds = { "bastion" } });
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await other.Policies.UpdatePolicyAsync(new UpdatePolicyRequest { Policy = known }));
        Assert.Equal(StatusCode.Aborted, refused.StatusCode);

        // An integration that is in use stays, whoever asks; a changed policy ends sessions at the other one.
        refused = await Assert.ThrowsAsync<RpcException>(async () => await other.Integrations.DeleteIntegrationAsync(new DeleteIntegrationRequest { Name = SimulatedPagerDuty.IntegrationName }));
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        await one.Policies.DeletePolicyAsync(new DeletePolicyRequest { Name = "responders" });
        Assert.Equal("s2", (await watch.NextAsync()).SessionRevoked.SessionKey);
        await other.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = StoryTests.Open("everybody") });
        Assert.Equal(Decision.Allow, (await StoryTests.EvaluateAsync(other, "s3")).Decision);
        await DecidesAsync(one, Decision.Allow);

        await etcd.Machines[0].KillAsync();
        refused = await Assert.ThrowsAsync<RpcException>(async () => await one.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = new Policy { Name = "lost" } }));
        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        foreach (var sidecar in (Sidecar[])[one, other])
        {
            Assert.Equal(Decision.Allow, (await StoryTests.EvaluateAsync(sidecar, "s4")).Decision);
            await ReadyAsync(sidecar, "degraded\nconfiguration: etcd");
        }

        await etcd.Machines[0].RestartAsync();
        await ReadyAsync(one, "ready\n");
        await ReadyAsync(other, "ready\n");
        await one.Policies.DeletePolicyAsync(new DeletePolicyRequest { Name = "everybody" });
        await DecidesAsync(other, Decision.Deny);
        Assert.DoesNotContain((await other.Policies.ListPoliciesAsync(new ListPoliciesRequest())).Policies, p => p.Name == "lost");
    }

    [Fact]
    public async Task A_change_is_in_force_elsewhere_at_once()
    {
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var etcd = await EtcdCluster.StartAsync();
        await using var one = await StartAsync(_one, etcd, pagerDuty);
        await using var other = await StartAsync(_other, etcd, pagerDuty);
        var took = new List<TimeSpan>();
        for (var i = 0; i < 15; i++)
        {
            var create = i % 2 == 0;
            if (create)
            {
                await one.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = StoryTests.Open("everybody") });
            }
            else
            {
                await one.Policies.DeletePolicyAsync(new DeletePolicyRequest { Name = "everybody" });
            }

            var answered = Stopwatch.GetTimestamp();
            while ((await StoryTests.EvaluateAsync(other, "")).Decision == Decision.Allow != create)
            {
                Assert.True(Stopwatch.GetElapsedTime(answered) < TimeSpan.FromSeconds(30));
            }

            took.Add(Stopwatch.GetElapsedTime(answered));
        }

        var median = took.Order().ElementAt(took.Count / 2);
        Assert.True(median < TimeSpan.FromMilliseconds(250), $"median {median.TotalMilliseconds} ms");
    }

    [Fact]
    public async Task A_sidecar_with_another_key_or_without_etcd_does_not_start_and_says_why()
    {
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var etcd = await EtcdCluster.StartAsync();
        await using var one = await StartAsync(_one, etcd, pagerDuty);
        await using var stranger = ProgramRun.Start(BuildFacts.SidecarBinary, Arguments(etcd, _other.Path("data"), _other.Path("another.key")));
        Assert.Equal(1, await stranger.ExitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("another.key is not the one of the fleet", stranger.Errors, StringComparison.Ordinal);

        await etcd.Machines[0].KillAsync();
        await using var alone = ProgramRun.Start(BuildFacts.SidecarBinary, Arguments(etcd, _other.Path("data"), _one.Path("fleet.key")));
        Assert.Equal(1, await alone.ExitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains($"etcd at {etcd.Machines[0].Endpoint.Authority}", alone.Errors, StringComparison.Ordinal);
        await using var wrong = ProgramRun.Start(BuildFacts.SidecarBinary, ["serve", "--data", _other.Path("data"), "--storage", "etcd"]);
        Assert.Equal(2, await wrong.ExitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("etcd_endpoints: is needed", wrong.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_is_moved_to_etcd_its_key_is_rotated_and_it_is_moved_back()
    {
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var etcd = await EtcdCluster.StartAsync();
        var (data, key) = (_one.Path("data"), _one.Path("fleet.key"));
        await using (var alone = await Sidecar.StartAsync(_one, pagerDuty.BaseAddress, more: ["--encryption-key-file", key]))
        {
            await pagerDuty.ConnectAsync(alone);
            await StoryTests.CreatePolicyAsync(alone, new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireBeOncall = true });

            // Not while a sidecar runs on it.
            Assert.Contains("is another pdsidecar running", (await RunAsync(1, ["storage", "migrate", "--from", "sqlite", "--to", "etcd", "--data", data, "--encryption-key-file", key, .. At(etcd)])).Errors, StringComparison.Ordinal);
            alone.Run.Terminate();
            await alone.Run.ExitAsync(TimeSpan.FromSeconds(30));
        }

        var (output, _) = await RunAsync(0, ["storage", "migrate", "--from", "sqlite", "--to", "etcd", "--data", data, "--encryption-key-file", key, .. At(etcd)]);
        Assert.Contains("1 integration and 1 policy were moved to etcd", output, StringComparison.Ordinal);
        await using (var shared = await StartAsync(_one, etcd, pagerDuty))
        {
            await DecidesAsync(shared, Decision.Allow);
            string[] rotate = ["keys", "rotate", "--storage", "etcd", "--data", data, "--encryption-key-file", key, .. At(etcd)];
            Assert.Contains("--step: is needed", (await RunAsync(2, rotate)).Errors, StringComparison.Ordinal);
            foreach (var step in (string[])["prepare", "activate", "finish"])
            {
                await RunAsync(0, [.. rotate, "--step", step]);
            }

            Assert.Single(await File.ReadAllLinesAsync(key));
            await shared.Integrations.UpdateIntegrationAsync(new UpdateIntegrationRequest { Integration = new Integration { Name = SimulatedPagerDuty.IntegrationName, Description = "rotated" } });
            shared.Run.Terminate();
            await shared.Run.ExitAsync(TimeSpan.FromSeconds(30));
        }

        // The old database holds something else by now.
        string[] back = ["storage", "migrate", "--from", "etcd", "--to", "sqlite", "--encryption-key-file", key, .. At(etcd)];
        await RunAsync(0, [.. back, "--data", _other.Path("data")]);
        await using var last = await Sidecar.StartAsync(_other, pagerDuty.BaseAddress, more: ["--encryption-key-file", key]);
        Assert.Equal("rotated", (await last.Integrations.GetIntegrationAsync(new GetIntegrationRequest { Name = SimulatedPagerDuty.IntegrationName })).Integration.Description);
        await DecidesAsync(last, Decision.Allow);
    }

    private static string[] At(EtcdCluster etcd) => ["--etcd-endpoints", etcd.Endpoints, "--etcd-prefix", "/fleet/"];

    private static string[] Arguments(EtcdCluster etcd, string data, string key) =>
        ["serve", "--data", data, "--grpc-tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--storage", "etcd", "--encryption-key-file", key, .. At(etcd)];

    private static async Task<(string Output, string Errors)> RunAsync(int exitCode, string[] arguments)
    {
        await using var run = ProgramRun.Start(BuildFacts.SidecarBinary, arguments);
        var code = await run.ExitAsync(TimeSpan.FromSeconds(60));
        Assert.True(code == exitCode, $"{string.Join(' ', arguments)}: exit code {code}\n{run.Output}\n{run.Errors}");
        return (run.Output, run.Errors);
    }

    private static async Task DecidesAsync(Sidecar sidecar, Decision decision) => await Eventually.SeesAsync(
        async () => (await StoryTests.EvaluateAsync(sidecar, "")).Decision == decision ? "decided" : null, $"{decision}");

    private Task<Sidecar> StartAsync(TemporaryFolder folder, EtcdCluster etcd, SimulatedPagerDuty pagerDuty) =>
        Sidecar.StartAsync(folder, pagerDuty.BaseAddress, more: ["--storage", "etcd", "--encryption-key-file", _one.Path("fleet.key"), .. At(etcd)]);

    private Task<string> ReadyAsync(Sidecar sidecar, string beginning) => Eventually.SeesAsync(
        async () =>
        {
            using var response = await _http.GetAsync(new Uri(sidecar.Http, "/readyz"));
            var said = await response.Content.ReadAsStringAsync();
            return said.StartsWith(beginning, StringComparison.Ordinal) ? said : null;
        },
        $"{beginning} on /readyz",
        TimeSpan.FromSeconds(60));
}
