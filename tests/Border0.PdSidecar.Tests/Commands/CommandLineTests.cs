using Border0.PdSidecar.Commands;
using Border0.PdSidecar.Commands.Terminals;
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
    public async Task Test_OfASavedAndAnUnsavedPolicy_SaysWhichConditionFails()
    {
        const string policy = """{"name": "p", "org_wide": true, "actions": {"ssh": {"values": ["*"]}}, "condition": {"who": {"email": ["alice@example.com"]}}}""";
        var unsaved = await PipeAsync(policy, "test", "--file", "-", "--user", "bob@example.com");
        Assert.Equal(9, unsaved.Code);
        Assert.StartsWith("DENY\npolicy p does not hold\n├─ ✘ condition.who: ", unsaved.Output, StringComparison.Ordinal);
        Assert.Equal(5, (await RunAsync("test", "p", "--user", "alice@example.com")).Code);

        await PipeAsync(policy, "policies", "create", "-");
        var saved = await RunAsync("test", "p", "--user", "alice@example.com", "--socket-type", "ssh", "--at", "+2h");
        Assert.Equal(0, saved.Code);
        Assert.Contains("✔ condition.who: ", saved.Output, StringComparison.Ordinal);
        Assert.True(JsonParser.Default.Parse<TestPolicyResponse>((await RunAsync("test", "p", "--user", "alice@example.com", "--json")).Output).Trace.Holds);
        Assert.Equal(2, (await RunAsync("test", "p", "--file", "-", "--user", "alice@example.com")).Code);
        Assert.Equal(2, (await RunAsync("test", "--user", "alice@example.com")).Code);
        Assert.Contains("does not ask who is on call", (await RunAsync("who", "p")).Output, StringComparison.Ordinal);
        Assert.Equal(5, (await RunAsync("who", "q")).Code);
    }

    [Fact]
    public async Task Watch_ShowsWhatHappens_AndGoesOnWhereItWas()
    {
        await PipeAsync("""{"name": "p", "org_wide": true, "actions": {"ssh": {"values": ["*"]}}}""", "policies", "create", "-");
        var begin = JsonParser.Default.Parse<WatchSessionsResponse>(await FirstHeartbeatAsync(_host));
        foreach (var key in (string[])["k1", "k2"])
        {
            Assert.Equal(0, (await RunAsync("evaluate", "--socket", "s1", "--socket-type", "ssh", "--user", "alice@example.com", "--connector", "c1", "--session-key", key)).Code);
            Assert.Equal(0, (await RunAsync("sessions", "revoke", key, "--reason", "enough")).Code);
        }

        var first = await RunAsync("watch", "--connector", "c1", "--resume", begin.ResumeToken, "--count", "1", "--json");
        Assert.Equal((0, "watching connector c1; Ctrl-C ends it\n"), (first.Code, first.Errors));
        var event1 = JsonParser.Default.Parse<WatchSessionsResponse>(first.Output);
        Assert.Equal("k1", event1.SessionRevoked.SessionKey);
        var second = await RunAsync("watch", "--connector", "c1", "--resume", event1.ResumeToken, "--count", "1");
        Assert.Matches(@"\A\d\d:\d\d:\d\d\.\d{3}Z  revoked   k2  alice@example.com  s1  administrator: .*enough", second.Output);
        Assert.Equal(2, (await RunAsync("watch", "--connector", "c1", "--count", "0")).Code);
        Assert.Equal(2, (await RunAsync("watch")).Code);
    }

    [Fact]
    public async Task Watch_OfATokenOfAnotherEpoch_SaysThatEventsAreMissed_AndGoesOn()
    {
        await using var other = await RunningHost.StartAsync(_bound.Token);
        var token = JsonParser.Default.Parse<WatchSessionsResponse>(await FirstHeartbeatAsync(other)).ResumeToken;

        var watched = await RunAsync("watch", "--connector", "c1", "--resume", token, "--count", "1", "--json");

        Assert.Equal(0, watched.Code);
        Assert.Contains("events were missed", watched.Errors, StringComparison.Ordinal);
        Assert.NotEmpty(JsonParser.Default.Parse<WatchSessionsResponse>(watched.Output).ResyncRequired.Reason);
        Assert.Equal(2, (await RunAsync("watch", "--connector", "c1", "--resume", "unknown")).Code);
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

    private async Task<string> FirstHeartbeatAsync(RunningHost host)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_bound.Token);
        var output = new FirstLine(ended);
        var terminal = new Terminal { Out = output, Error = new StringWriter(), In = TextReader.Null, Variable = At(host).GetValueOrDefault };
        Assert.Equal(0, await CommandTree.RunAsync(terminal, ["watch", "--connector", "c1", "--heartbeats", "--json"], ended.Token));
        return output.ToString().Split('\n')[0];
    }

    /// <summary>Ends what writes to it after its first line.</summary>
    private sealed class FirstLine(CancellationTokenSource ended) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            ended.Cancel();
        }
    }

    private Dictionary<string, string> Here => At(_host);

    private static Dictionary<string, string> At(RunningHost host) => new() { ["PDSIDECAR_ADDRESS"] = "unix://" + host.Host.Endpoints.GrpcSocket };
}
