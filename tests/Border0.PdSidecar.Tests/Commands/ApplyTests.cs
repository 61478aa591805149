using System.Text.Json;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Tests.Hosting;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Tests.Commands;

/// <summary>`pdsidecar apply` against a whole sidecar in this process.</summary>
public class ApplyTests : IAsyncLifetime
{
    private const string Ssh = """{"name": "ssh", "org_wide": true, "actions": {"ssh": {"values": ["shell", "exec"]}}}""";

    private readonly CancellationTokenSource _bound = new(TimeSpan.FromMinutes(2));
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pdsidecar-apply-");
    private readonly Dictionary<string, string> _variables = [];
    private RunningHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await RunningHost.StartAsync(_bound.Token);
        _variables["PDSIDECAR_ADDRESS"] = "unix://" + _host.Host.Endpoints.GrpcSocket;
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _folder.Delete(recursive: true);
        _bound.Dispose();
    }

    [Fact]
    public async Task Files_AreMadeTrue_AndNothingHappensTheSecondTime()
    {
        Write("keys/acme", "an-api-key-of-pagerduty\n");
        Write("integrations.yaml", """
            # reviewed in Git
            integrations:
              - name: acme
                description: production
                region: REGION_EU
                max_staleness: 120s
                api_key_from: {file: keys/acme}
                webhook_secrets_from: {env: ACME_WEBHOOKS}
            """);
        Write("policies/on-call.yml", """
            name: on-call
            socket_ids: [db, bastion]
            actions: {ssh: {values: ["*"]}}
            condition: {where: {country: [NO, DE]}, when: {time_of_day_after: 22:00}}
            integrations:
              - integration_name: acme
                pagerduty_oncall: {service_id: P1, require_be_oncall: true}
            ---
            name: by-document
            policy_data: {version: v2, permissions: {ssh: {}}}
            """);
        Write("policies/ssh.json", $"[{Ssh}]");
        Write("policies/.git/config.json", "not for us");
        _variables["ACME_WEBHOOKS"] = "one\ntwo\n";

        var dry = await ApplyAsync("--dry-run");
        Assert.Equal((10, ""), (dry.Code, dry.Errors));
        Assert.Contains("+ integration acme\n", dry.Output, StringComparison.Ordinal);
        Assert.Contains("    + api_key: …duty from file keys/acme\n", dry.Output, StringComparison.Ordinal);
        Assert.Contains("    + webhook_secrets: 2 secrets from environment variable ACME_WEBHOOKS\n", dry.Output, StringComparison.Ordinal);
        Assert.Contains("    + condition.where.country: \"NO\"\n", dry.Output, StringComparison.Ordinal);
        Assert.EndsWith("4 to be created\n", dry.Output, StringComparison.Ordinal);
        Assert.Equal("none\n", (await RunAsync("policies", "list")).Output);

        var applied = await ApplyAsync();
        Assert.Equal(0, applied.Code);
        Assert.DoesNotContain("an-api-key", dry.Output + applied.Output + applied.Errors, StringComparison.Ordinal);
        var integration = JsonParser.Default.Parse<Integration>((await RunAsync("integrations", "get", "acme", "--json")).Output);
        Assert.Equal((Region.Eu, "duty", 2, "apply"), (integration.Region, integration.ApiKeyHint, integration.WebhookSecretCount, integration.ManagedBy));
        var policy = JsonParser.Default.Parse<Policy>((await RunAsync("policies", "get", "on-call", "--json")).Output);
        Assert.Equal(("22:00", "apply"), (policy.Condition.When.TimeOfDayAfter, policy.ManagedBy));

        var again = await ApplyAsync();
        Assert.Equal((0, "4 as they should be\n", ""), (again.Code, again.Output, again.Errors));
        Assert.Equal(0, (await ApplyAsync("--dry-run", "--prune")).Code);
    }

    [Fact]
    public async Task Difference_IsShownFieldByField_AndOnlyItIsWritten()
    {
        Write("p.json", Ssh);
        await ApplyAsync();
        var before = JsonParser.Default.Parse<Policy>((await RunAsync("policies", "get", "ssh", "--json")).Output);
        Write("p.json", """{"name": "SSH", "socket_ids": ["b", "a"], "actions": {"ssh": {"values": ["exec", "shell", "sftp"]}}, "max_session_duration": "3600s"}""");

        var dry = await ApplyAsync("--dry-run");
        Assert.Equal(
            """
            ~ policy ssh
                - org_wide: true
                + actions.ssh.values: "sftp"
                + socket_ids: "b"
                + socket_ids: "a"
                + max_session_duration: "3600s"
            1 to be changed

            """,
            dry.Output, ignoreLineEndingDifferences: true);
        using var json = JsonDocument.Parse((await ApplyAsync("--dry-run", "--json")).Output);
        var change = Assert.Single(json.RootElement.GetProperty("changes").EnumerateArray());
        Assert.Equal(("update", false), (change.GetProperty("action").GetString(), change.GetProperty("done").GetBoolean()));
        Assert.Equal("true", change.GetProperty("differences")[0].GetProperty("before").GetString());

        Assert.Equal(0, (await ApplyAsync()).Code);
        var after = JsonParser.Default.Parse<Policy>((await RunAsync("policies", "get", "ssh", "--json")).Output);
        Assert.Equal(("ssh", false, before.CreateTime), (after.Name, after.OrgWide, after.CreateTime));
        Assert.Equal(0, (await ApplyAsync("--dry-run")).Code);
    }

    [Fact]
    public async Task Prune_DeletesWhatApplyOwns_AndNothingElse()
    {
        Write("p.json", $"[{Ssh}, {Ssh.Replace("\"ssh\", ", "\"old\", ", StringComparison.Ordinal)}]");
        await ApplyAsync();
        await PipeAsync(Ssh.Replace("\"ssh\", ", "\"by-hand\", ", StringComparison.Ordinal), "policies", "create", "-");
        Write("other.json", Ssh.Replace("\"ssh\", ", "\"others\", ", StringComparison.Ordinal));
        await RunAsync("apply", "-f", Path.Combine(_folder.FullName, "other.json"), "--owner", "team-b");
        File.Delete(Path.Combine(_folder.FullName, "other.json"));
        Write("p.json", Ssh);

        var kept = await ApplyAsync();
        Assert.Equal("1 as they should be\n1 thing that apply put there is in no file any more: --prune deletes it\n2 others are kept by somebody else, and stay\n", kept.Output);
        var pruned = await ApplyAsync("--prune");
        Assert.Equal("- policy old (no file names it any more)\n1 deleted, 1 as they should be\n2 others are kept by somebody else, and stay\n", pruned.Output);
        Assert.Equal(0, pruned.Code);
        var left = JsonParser.Default.Parse<ListPoliciesResponse>((await RunAsync("policies", "list", "--json")).Output);
        Assert.Equal(["by-hand", "others", "ssh"], left.Policies.Select(p => p.Name));

        File.Delete(Path.Combine(_folder.FullName, "p.json"));
        var empty = await ApplyAsync("--prune");
        Assert.Equal(2, empty.Code);
        Assert.Contains("everything that apply has put there would be deleted", empty.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsSomebodyElses_IsTakenOverOnlyWhenAsked_AndWhatIsNobodysIsAdopted()
    {
        await PipeAsync(Ssh, "policies", "create", "-");
        Write("p.json", Ssh);
        var adopted = await ApplyAsync();
        Assert.Equal("~ policy ssh\n    + managed_by: \"apply\"\n1 changed\n", adopted.Output);

        var refused = await ApplyAsync("--owner", "team-b");
        Assert.Equal(6, refused.Code);
        Assert.Contains("policy ssh is managed by apply, and not by team-b", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await ApplyAsync("--owner", "team-b", "--take-over")).Code);
        Assert.Equal(2, (await ApplyAsync("--owner", "team b")).Code);
    }

    [Fact]
    public async Task AllThatIsWrong_IsSaidBeforeAnythingIsChanged()
    {
        Write("good.json", Ssh);
        Write("bad.yaml", """
            - name: no blanks
              actions: {ssh: {values: ["*"]}}
            - name: other
              revocation_grace: 7200s
            """);
        var refused = await ApplyAsync();
        Assert.Equal((2, ""), (refused.Code, refused.Output));
        Assert.Contains("bad.yaml[0]: name must start with a letter or digit", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("bad.yaml[1]: revocation_grace must be", refused.Errors, StringComparison.Ordinal);
        Assert.Equal("none\n", (await RunAsync("policies", "list")).Output);
    }

    [Theory]
    [InlineData("p.json", """{"name": "p", "frob": 1}""", "p.json: Unknown field: frob")]
    [InlineData("p.json", """{"name": "p",, }""", "p.json:1:14: is not JSON")]
    [InlineData("p.yaml", "name: p\nname: q", "is not YAML: Duplicate key")]
    [InlineData("p.yaml", "name: [p", ": is not YAML: ")]
    [InlineData("p.yaml", "name: !!binary aGk=", "the tag tag:yaml.org,2002:binary is not accepted")]
    [InlineData("p.json", """[{"name": "p"}, {"name": "P"}]""", "policy p is there more than once")]
    [InlineData("p.json", """[{"name": "p", "organization_id": "a"}, {"name": "q", "organization_id": "b"}]""", "the files name several organizations (a, b)")]
    [InlineData("p.json", """{"integrations": [{"name": "a", "api_key": "s3cret"}]}""", "integrations[0].api_key: must not stand in a file that is kept")]
    [InlineData("p.json", """{"integrations": [{"name": "a", "webhook_secrets": ["s3cret"]}]}""", "webhook_secrets_from points to where it is")]
    [InlineData("p.json", """{"integrations": [{"name": "a", "api_key_from": {"env": "NOT_SET"}}]}""", "the environment variable NOT_SET is not set")]
    [InlineData("p.json", """{"integrations": [{"name": "a", "api_key_from": {"file": "none"}}]}""", "api_key_from: cannot be read")]
    [InlineData("p.json", """{"integrations": [{"name": "a", "api_key_from": "s3cret"}]}""", """must be {"file": "PATH"} or {"env": "VARIABLE"}""")]
    [InlineData("p.json", """{"integrations": [{"name": "a", "base_url_from": {"env": "X"}}]}""", "base_url_from: is not known")]
    [InlineData("p.json", """{"integrations": [{"name": "a"}]}""", "nothing says where its key is: api_key_from")]
    public async Task WhatIsNotAcceptable_IsRefused(string file, string text, string why)
    {
        Write(file, text);
        var refused = await ApplyAsync();
        Assert.Equal((2, ""), (refused.Code, refused.Output));
        Assert.Contains(why, refused.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_IsWrittenAnew_WhenItsLastCharactersAreOthers()
    {
        Write("i.json", """{"integrations": [{"name": "acme", "api_key_from": {"env": "KEY"}}]}""");
        _variables["KEY"] = "the-first-key-1111";
        Assert.Equal(0, (await ApplyAsync()).Code);
        Assert.Equal("1 as they should be\n", (await ApplyAsync()).Output);

        _variables["KEY"] = "the-second-key-2222";
        Assert.Equal("~ integration acme\n    ~ api_key: …1111 → …2222 from environment variable KEY\n1 changed\n", (await ApplyAsync()).Output);
        Assert.StartsWith("~ integration acme", (await ApplyAsync("--write-secrets")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServiceThatPagerDutyDoesNotHave_IsFoundBeforeAnythingIsChanged()
    {
        await using var simulator = await SimulatorServer.StartAsync(new DemoAccount(TimeProvider.System).Account);
        await using var host = await RunningHost.StartAsync(_bound.Token, simulator.BaseAddress);
        _variables["PDSIDECAR_ADDRESS"] = "unix://" + host.Host.Endpoints.GrpcSocket;
        _variables["KEY"] = DemoAccount.ReadOnlyKey;
        Write("1.json", """{"integrations": [{"name": "acme", "api_key_from": {"env": "KEY"}}]}""");
        Assert.Equal(0, (await ApplyAsync()).Code);
        Write("2.json", $$$"""[{{{Ssh}}}, {"name": "p", "actions": {"ssh": {"values": ["*"]}}, "integrations": [{"integration_name": "acme", "pagerduty_oncall": {"service_id": "PNONE", "require_incident": true}}]}]""");

        var refused = await ApplyAsync();
        Assert.Equal((2, ""), (refused.Code, refused.Output));
        Assert.Contains("PNONE", refused.Errors, StringComparison.Ordinal);
        Assert.Equal("none\n", (await RunAsync("policies", "list")).Output);
    }

    [Fact]
    public async Task WhatTheSidecarRefusesHalfWay_IsSaid_AndTheRestIsMadeTheNextTime()
    {
        Write("p.json", $"[{Ssh}]");
        _variables["KEY"] = "the-first-key-1111";
        Write("i.json", """{"integrations": [{"name": "acme", "base_url": "http://127.0.0.1:1", "api_key_from": {"env": "KEY"}}, {"name": "b", "api_key_from": {"env": "KEY"}}]}""");
        var none = await ApplyAsync();
        Assert.Equal(2, none.Code);
        Assert.Contains("integration acme: not written; 0 of 3 changes were made", none.Errors, StringComparison.Ordinal);

        Write("i.json", """{"integrations": [{"name": "b", "api_key_from": {"env": "KEY"}}, {"name": "acme", "base_url": "http://127.0.0.1:1", "api_key_from": {"env": "KEY"}}]}""");
        var partly = await ApplyAsync();
        Assert.Equal(8, partly.Code);
        Assert.Contains("integration acme: not written; 1 of 3 changes were made", partly.Errors, StringComparison.Ordinal);

        Write("i.json", """{"integrations": [{"name": "b", "api_key_from": {"env": "KEY"}}]}""");
        Assert.Equal(0, (await ApplyAsync()).Code);
        Assert.Equal("2 as they should be\n", (await ApplyAsync()).Output);
    }

    [Fact]
    public async Task ListsOfTheSidecar_CanBeAppliedToAnotherOrganization()
    {
        await PipeAsync(Ssh, "policies", "create", "-");
        var listed = (await RunAsync("policies", "list", "--json")).Output;
        var copied = await PipeAsync(listed.Replace("\"organization_id\": \"default\",", "", StringComparison.Ordinal), "apply", "-f", "-", "--organization", "staging");
        Assert.Equal(0, copied.Code);
        Assert.Equal(0, (await RunAsync("policies", "get", "ssh", "--organization", "staging")).Code);
        Assert.Equal(2, (await PipeAsync(listed, "apply", "-f", "-", "--organization", "staging")).Code);
    }

    private void Write(string file, string text)
    {
        var path = Path.Combine(_folder.FullName, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private Task<ToolRun> ApplyAsync(params string[] more) => RunAsync(["apply", "-f", _folder.FullName, .. more]);

    private Task<ToolRun> RunAsync(params string[] arguments) => PipeAsync("", arguments);

    private Task<ToolRun> PipeAsync(string input, params string[] arguments) => ToolRun.OfAsync(input, _variables, arguments);
}
