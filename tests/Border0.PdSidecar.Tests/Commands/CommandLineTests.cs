using Border0.PdSidecar.Tests.Hosting;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Tests.Commands;

/// <summary>The commands against a whole sidecar in this process.</summary>
public class CommandLineTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _bound = new(TimeSpan.FromMinutes(2));
    private RunningHost _host = null!;
    private string _administrator = "";

    public async Task InitializeAsync() => _host = await RunningHost.StartAsync(
        _bound.Token, tokens: async file => _administrator = (await file.CreateAsync("cli", "admin", null, null, "test", _bound.Token))!.Value.Text);

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _bound.Dispose();
    }

    [Fact]
    public async Task Integrations_AreCreatedChangedAndDeleted()
    {
        Assert.Equal("none\n", (await RunAsync("integrations", "list")).Output);
        var created = await PipeAsync("k-e-y-of-pagerduty\n", "integrations", "create", "acme", "--region", "eu", "--max-staleness", "2m", "--description", "日本");
        Assert.Equal((0, ""), (created.Code, created.Errors));
        Assert.DoesNotContain("k-e-y-of", created.Output, StringComparison.Ordinal);
        Assert.Contains("…duty", created.Output, StringComparison.Ordinal);

        Assert.Equal(0, (await RunAsync("integrations", "update", "acme", "--max-staleness", "default")).Code);
        var read = await RunAsync("integrations", "get", "acme", "--json");
        var integration = JsonParser.Default.Parse<Integration>(read.Output);
        Assert.Equal((Region.Eu, "日本"), (integration.Region, integration.Description));
        Assert.Null(integration.MaxStaleness);

        Assert.Equal(6, (await RunAsync("integrations", "update", "acme", "--description", "x", "--etag", "old")).Code);
        Assert.Equal(2, (await RunAsync("integrations", "update", "acme")).Code);
        Assert.Equal(0, (await RunAsync("integrations", "delete", "acme")).Code);
        Assert.Equal(5, (await RunAsync("integrations", "get", "acme")).Code);
    }

    [Fact]
    public async Task Integration_InUse_IsDeletedWithForceOnly()
    {
        await PipeAsync("k-e-y-of-pagerduty", "integrations", "create", "acme");
        await PipeAsync(
            """{"name": "p", "org_wide": true, "actions": {"ssh": {"values": ["*"]}}, "integrations": [{"integration_name": "acme", "pagerduty_oncall": {"service_id": "P1"}}]}""",
            "policies", "create", "-");

        var refused = await RunAsync("integrations", "delete", "acme");
        Assert.Equal(6, refused.Code);
        Assert.Contains("hint: pdsidecar policies list --integration", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("policy p refers to it", (await RunAsync("integrations", "delete", "acme", "--force")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policies_AreCreatedReplacedAttachedAndDeleted()
    {
        var created = await PipeAsync("""{"name": "p", "description": "first"}""", "policies", "create", "-");
        Assert.Equal(0, created.Code);
        Assert.Contains("(GRANTS_NOTHING)", created.Errors, StringComparison.Ordinal);
        Assert.Equal(6, (await PipeAsync("""{"name": "p"}""", "policies", "create", "-")).Code);

        Assert.Equal(0, (await PipeAsync("""{"version": "v1", "action": ["ssh", "http"]}""", "policies", "update", "-", "--name", "p")).Code);
        Assert.Equal(0, (await RunAsync("policies", "attach", "p", "s1", "s2")).Code);
        Assert.Equal(0, (await RunAsync("policies", "detach", "p", "s1")).Code);
        var policy = JsonParser.Default.Parse<Policy>((await RunAsync("policies", "get", "p", "--json")).Output);
        Assert.Equal(("", "s2"), (policy.Description, Assert.Single(policy.SocketIds)));
        Assert.Equal(2, policy.Actions.Count);
        Assert.Contains("p     s2", (await RunAsync("policies", "list")).Output, StringComparison.Ordinal);
        Assert.Equal("none\n", (await RunAsync("policies", "list", "--socket", "s1")).Output);

        Assert.Equal(6, (await PipeAsync($$"""{"name": "p", "etag": "{{policy.Etag}}x"}""", "policies", "update", "-")).Code);
        Assert.Equal(0, (await RunAsync("policies", "delete", "p", "--etag", policy.Etag)).Code);
        Assert.Equal("{\n  \"policies\": []\n}\n", (await RunAsync("policies", "list", "--json")).Output);
    }

    [Fact]
    public async Task Document_IsReadAndPrinted()
    {
        await PipeAsync("""{"version": "v2", "permissions": {"ssh": {}}}""", "policies", "create", "-", "--name", "p");
        var document = await RunAsync("policies", "get", "p", "--document", "v2");
        Assert.Equal(0, (await PipeAsync(document.Output, "policies", "update", "-", "--name", "p")).Code);
    }

    [Fact]
    public async Task Evaluate_SaysAllowOrDeny_ToPeopleAndScripts()
    {
        var denied = await RunAsync("evaluate", "--socket", "s1", "--socket-type", "ssh", "--user", "alice@example.com");
        Assert.Equal(9, denied.Code);
        Assert.StartsWith("DENY\n- ", denied.Output, StringComparison.Ordinal);
        Assert.Contains("(no policy)", denied.Output, StringComparison.Ordinal);

        await PipeAsync("""{"name": "p", "actions": {"ssh": {"values": ["shell"]}}, "tag_rules": [{"tags": {"env": "prod"}}]}""", "policies", "create", "-");
        string[] evaluate = ["evaluate", "--socket", "s1", "--socket-type", "ssh", "--user", "alice@example.com", "--socket-tag", "env=prod", "--connector", "c1", "--session-key", "k1"];
        var allowed = await RunAsync(evaluate);
        Assert.Equal(0, allowed.Code);
        Assert.StartsWith("ALLOW\ngranted: ssh: shell\n- p: ", allowed.Output, StringComparison.Ordinal);
        Assert.Equal(Decision.Allow, JsonParser.Default.Parse<EvaluateResponse>((await RunAsync([.. evaluate, "--json"])).Output).Decision);

        Assert.Contains("c1         k1       alice@example.com  s1", (await RunAsync("sessions", "list")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("sessions", "revoke", "k1", "--reason", "@enough")).Code);
        Assert.Equal(5, (await RunAsync("sessions", "revoke", "k1", "--reason", "again")).Code);
        Assert.Equal("none\n", (await RunAsync("sessions", "list")).Output);
    }

    [Fact]
    public async Task BadFields_AreNamedOneByOne()
    {
        var refused = await RunAsync("evaluate", "--socket", "s1", "--group", "g", "--client-ip", "nowhere");
        Assert.Equal(2, refused.Code);
        Assert.Contains("pdsidecar: socket_type ", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("pdsidecar: client_ip ", refused.Errors, StringComparison.Ordinal);
        Assert.Empty(refused.Output);
    }

    [Fact]
    public async Task Token_ComesFromTheEnvironmentOrAFile_AndNeverFromArguments()
    {
        var over = "http://" + _host.Host.Endpoints.GrpcTcp;
        var refused = await ToolRun.OfAsync("policies", "delete", "p", "--address", over);
        Assert.Equal(4, refused.Code);
        Assert.Contains("hint: commands take the token from PDSIDECAR_TOKEN or --token-file FILE", refused.Errors, StringComparison.Ordinal);

        var environment = new Dictionary<string, string> { ["PDSIDECAR_ADDRESS"] = over, ["PDSIDECAR_TOKEN"] = _administrator };
        Assert.Equal(5, (await ToolRun.OfAsync("", environment, "policies", "delete", "p")).Code);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, _administrator + "\n");
            Assert.Equal(5, (await ToolRun.OfAsync("policies", "delete", "p", "--address", over, "--token-file", file)).Code);
        }
        finally
        {
            File.Delete(file);
        }

        foreach (var option in (string[])["--token", "--api-key"])
        {
            foreach (var given in (string[][])[[option, "s3cret"], [option + "=s3cret"]])
            {
                var argument = await ToolRun.OfAsync(["integrations", "create", "x", .. given]);
                Assert.Equal(2, argument.Code);
                Assert.Contains($"{option} is refused", argument.Errors, StringComparison.Ordinal);
                Assert.DoesNotContain("s3cret", argument.Errors + argument.Output, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(3, "is the sidecar running?", "--address", "127.0.0.1:1")]
    [InlineData(3, "there is no such socket", "--address", "unix:///no/such.sock")]
    [InlineData(2, "--address: ", "--address", "ftp://x")]
    [InlineData(2, "--ca-file: there is no file", "--ca-file", "/no/such")]
    [InlineData(2, "--client-key: is needed with --client-cert", "--client-cert", "/dev/null")]
    [InlineData(2, "--timeout: ", "--timeout", "soon")]
    [InlineData(2, "--frob", "--frob")]
    public async Task WhatCannotBe_SaysWhatToDo(int code, string said, params string[] arguments)
    {
        var run = await ToolRun.OfAsync(["policies", "list", .. arguments]);
        Assert.Equal(code, run.Code);
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    private Task<ToolRun> RunAsync(params string[] arguments) => ToolRun.OfAsync("", Here, arguments);

    private Task<ToolRun> PipeAsync(string input, params string[] arguments) => ToolRun.OfAsync(input, Here, arguments);

    private Dictionary<string, string> Here => new() { ["PDSIDECAR_ADDRESS"] = "unix://" + _host.Host.Endpoints.GrpcSocket };
}
