using System.Text.Json;
using Border0.PdSidecar.Simulator;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>The command line as somebody uses it: processes, pipes and exit codes.</summary>
public class CommandLineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Administrator_SetsUpAndAsks_WithoutAnAddress()
    {
        using var folder = new TemporaryFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
        var tool = new Tool(sidecar);

        var created = await tool.PipeAsync(DemoAccount.ReadOnlyKey + "\n", "integrations", "create", "acme");
        Assert.Equal((0, ""), (created.Code, created.Errors));
        Assert.DoesNotContain(DemoAccount.ReadOnlyKey, created.Output, StringComparison.Ordinal);
        Assert.Contains("Payments", (await tool.RunAsync("integrations", "services", "acme", "--search", "pay")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await tool.RunAsync("integrations", "check", "acme")).Code);

        var policy = $$$"""
            { // reviewed in Git
              "name": "pay", "socket_ids": ["db"], "actions": {"ssh": {"values": ["*"]}},
              "integrations": [{"integration_name": "acme", "pagerduty_oncall": {"service_id": "{{{pagerDuty.ServiceId}}}", "require_incident": true}}],
            }
            """;
        Assert.Equal(0, (await tool.PipeAsync(policy, "policies", "create", "-")).Code);
        string[] evaluate = ["evaluate", "--socket", "db", "--socket-type", "ssh", "--user", "alice@example.com"];
        var denied = await tool.RunAsync(evaluate);
        Assert.Equal(9, denied.Code);
        Assert.StartsWith("DENY\n", denied.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', denied.Output);

        pagerDuty.Trigger("Payments are failing");
        Assert.Equal(0, (await tool.RunAsync("integrations", "sync", "acme")).Code);
        var allowed = await tool.RunAsync([.. evaluate, "--json"]);
        Assert.Equal(0, allowed.Code);
        using var decision = JsonDocument.Parse(allowed.Output);
        Assert.Equal("DECISION_ALLOW", decision.RootElement.GetProperty("decision").GetString());
    }

    [Fact]
    public async Task Folder_IsApplied_AsInAPipeline()
    {
        using var folder = new TemporaryFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
        var tool = new Tool(sidecar);
        Directory.CreateDirectory(folder.Path("policies"));
        await File.WriteAllTextAsync(folder.Path("policies/key"), DemoAccount.ReadOnlyKey + "\n");
        await File.WriteAllTextAsync(folder.Path("policies/pay.yaml"), $"""
            integrations:
              - name: acme
                api_key_from: {"{"}file: key{"}"}
            policies:
              - name: pay
                socket_ids: [db]
                actions: {"{"}ssh: {"{"}values: ["*"]{"}}"}
                integrations:
                  - integration_name: acme
                    pagerduty_oncall: {"{"}service_id: {pagerDuty.ServiceId}, require_incident: true{"}"}
            """);
        string[] apply = ["apply", "-f", folder.Path("policies"), "--prune"];

        var dry = await tool.RunAsync([.. apply, "--dry-run"]);
        Assert.Equal((10, ""), (dry.Code, dry.Errors));
        Assert.Equal(0, (await tool.RunAsync(apply)).Code);
        Assert.Equal(0, (await tool.RunAsync([.. apply, "--dry-run"])).Code);
        Assert.Equal(9, (await tool.RunAsync("evaluate", "--socket", "db", "--socket-type", "ssh", "--user", "alice@example.com")).Code);

        await File.WriteAllTextAsync(folder.Path("policies/pay.yaml"), (await File.ReadAllTextAsync(folder.Path("policies/pay.yaml"))).Replace(pagerDuty.ServiceId, "PNONE", StringComparison.Ordinal));
        var refused = await tool.RunAsync(apply);
        Assert.Equal(2, refused.Code);
        Assert.Contains("PNONE", refused.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(DemoAccount.ReadOnlyKey, dry.Output + refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_HaveTheirExitCodes_AndStandardOutputStaysEmpty()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder);
        var tool = new Tool(sidecar);

        foreach (var (code, said, arguments) in ((int, string, string[])[])
            [
                (2, "--api-key is refused", ["integrations", "create", "x", "--api-key", "s3cret"]),
                (2, "hint: pdsidecar policies list --help", ["policies", "list", "--frob"]),
                (3, "is the sidecar running?", ["policies", "list", "--address", "unix://" + folder.Path("none.sock")]),
                (4, "needs role admin", ["policies", "delete", "p", "--address", sidecar.GrpcTcp]),
                (5, "there is no policy p", ["policies", "delete", "p"]),
            ])
        {
            var run = await tool.RunAsync(arguments);
            Assert.Equal((code, ""), (run.Code, run.Output));
            Assert.Contains(said, run.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cret", run.Errors, StringComparison.Ordinal);
        }
    }

    /// <summary>Runs the binary beside a sidecar, told of it by its data directory only.</summary>
    internal sealed class Tool(Sidecar sidecar)
    {
        private readonly Dictionary<string, string> _environment = new() { ["PDSIDECAR_DATA"] = sidecar.DataDirectory };

        public Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) => PipeAsync("", arguments);

        public async Task<(int Code, string Output, string Errors)> PipeAsync(string input, params string[] arguments)
        {
            await using var run = Start(input, arguments);
            return (await run.ExitAsync(Patience), run.Output, run.Errors);
        }

        public ProgramRun Start(string input, params string[] arguments) => ProgramRun.Start(BuildFacts.SidecarBinary, arguments, input, _environment);
    }
}
