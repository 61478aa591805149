using System.Text;
using System.Text.Json;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>`pdsidecar token` and the process that its tokens are for.</summary>
public class TokenTests
{
    [Fact]
    public async Task Tokens_AreMadeBeforeAndWhileASidecarRuns_AndEndWithinASecondWhenRevoked()
    {
        using var folder = new TemporaryFolder();
        var admin = await CreateAsync(folder, "--role", "admin", "--name", "alice");
        await using var sidecar = await Sidecar.StartAsync(folder);
        await new PolicyService.PolicyServiceClient(sidecar.OverTcp()).CreatePolicyAsync(
            new CreatePolicyRequest { Policy = new Policy { Name = "everybody", OrgWide = true, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } } }, Bearer(admin));

        var connector = await CreateAsync(folder, "--role", "connector", "--connector-id", "c1", "--name", "bastion-1");
        await Eventually.SeesAsync(async () => await StatusAsync(sidecar, connector) is StatusCode.OK ? "accepted" : null, "the new token accepted");
        using var watch = sidecar.Evaluation.WatchSessions(new WatchSessionsRequest(), Bearer(connector));
        Assert.True(await watch.ResponseStream.MoveNext(default));
        using var stream = sidecar.Evaluation.EvaluateStream(Bearer(connector));
        await stream.RequestStream.WriteAsync(new EvaluateStreamRequest { Requests = { Request("") } });
        Assert.True(await stream.ResponseStream.MoveNext(default));
        using var others = sidecar.Evaluation.WatchSessions(new WatchSessionsRequest { ConnectorId = "c2" });
        Assert.True(await others.ResponseStream.MoveNext(default));

        Assert.Equal((0, "token bastion-1 ("), await RunAsync(folder, "revoke", "bastion-1") is var (code, said) ? (code, said[..17]) : default);
        var revoked = TimeProvider.System.GetUtcNow();
        var heartbeats = new List<DateTimeOffset>();
        var ended = await Assert.ThrowsAsync<RpcException>(() => EndAsync(watch.ResponseStream, heartbeats));
        var streamEnded = await Assert.ThrowsAsync<RpcException>(() => EndAsync(stream.ResponseStream));

        Assert.Equal((StatusCode.Unauthenticated, StatusCode.Unauthenticated), (ended.StatusCode, streamEnded.StatusCode));
        Assert.Contains("was revoked", ended.Status.Detail, StringComparison.Ordinal);

        // Within a second, by the sidecar's own count of seconds: where the machine stands still, so do its heartbeats.
        Assert.InRange(heartbeats.Count(h => h > revoked), 0, 3);
        Assert.Equal(StatusCode.Unauthenticated, await StatusAsync(sidecar, connector));
        Assert.True(await others.ResponseStream.MoveNext(default), "another's stream goes on");

        var (_, list) = await RunAsync(folder, "list");
        Assert.Matches(@"(?m)^[0-9a-f]{10}  alice      admin      -   .* accepted$", list);
        Assert.Matches(@"(?m)^[0-9a-f]{10}  bastion-1  connector  c1  .* revoked \d{4}-.* by ", list);
    }

    [Fact]
    public async Task ABoundConnector_IsNobodyElse()
    {
        using var folder = new TemporaryFolder();
        var bound = Bearer(await CreateAsync(folder, "--role", "connector", "--connector-id", "c1", "--name", "bastion-1"));
        await using var sidecar = await Sidecar.StartAsync(folder);
        await sidecar.Policies.CreatePolicyAsync(
            new CreatePolicyRequest { Policy = new Policy { Name = "everybody", OrgWide = true, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } } });
        var evaluation = sidecar.Evaluation;
        await evaluation.EvaluateAsync(new EvaluateRequest(Request("s2")) { ConnectorId = "c2" });

        // Its own, named or not.
        await evaluation.EvaluateAsync(Request("s1"), bound);
        await evaluation.EvaluateAsync(new EvaluateRequest(Request("s1")) { ConnectorId = "c1" }, bound);
        Assert.Equal("c1", Assert.Single((await sidecar.Sessions.ListSessionsAsync(new ListSessionsRequest { ConnectorId = "c1" })).Sessions).ConnectorId);

        // Another's: neither asked for, nor asked about again, nor watched, nor ended.
        foreach (var key in (string[])["s2", "s3"])
        {
            await RefusedAsync(async () => await evaluation.EvaluateAsync(new EvaluateRequest(Request(key)) { ConnectorId = "c2" }, bound));
        }

        await RefusedAsync(async () => await evaluation.EndSessionAsync(new EndSessionRequest { ConnectorId = "c2", SessionKey = "s2" }, bound));
        await RefusedAsync(async () =>
        {
            using var watch = evaluation.WatchSessions(new WatchSessionsRequest { ConnectorId = "c2" }, bound);
            await watch.ResponseStream.MoveNext(default);
        });
        Assert.False((await evaluation.EndSessionAsync(new EndSessionRequest { SessionKey = "s2" }, bound)).WasOpen);
        Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<RpcException>(async () => await evaluation.EvaluateAsync(Request("s2"), bound))).StatusCode);
        using (var stream = evaluation.EvaluateStream(bound))
        {
            await stream.RequestStream.WriteAsync(new EvaluateStreamRequest { Requests = { new EvaluateRequest(Request("s2")) { ConnectorId = "c2", RequestId = "r1" }, Request("s1") } });
            await stream.RequestStream.CompleteAsync();
            var answers = await stream.ResponseStream.ReadAllAsync().ToListAsync();
            Assert.Equal(("r1", (int)StatusCode.PermissionDenied, "NOT_YOUR_CONNECTOR"), answers.SelectMany(a => a.Failures).Select(f => (f.RequestId, f.Code, f.Reason)).Single());
            Assert.Equal(Decision.Allow, Assert.Single(answers.SelectMany(a => a.Responses)).Decision);
        }

        Assert.Equal(["s2"], (await sidecar.Sessions.ListSessionsAsync(new ListSessionsRequest { ConnectorId = "c2" })).Sessions.Select(s => s.SessionKey));

        static async Task RefusedAsync(Func<Task> call)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(call);
            Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
            var info = refused.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!;
            Assert.Equal(("NOT_YOUR_CONNECTOR", "c1"), (info.Reason, info.Metadata["connector_id"]));
        }
    }

    [Fact]
    public async Task AnExpiringToken_EndsAtItsTime_WithItsStreams()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder);
        for (var seconds = 4; ; seconds *= 2)
        {
            var before = TimeProvider.System.GetUtcNow();
            var token = await CreateAsync(folder, "--role", "connector", "--name", $"short-{seconds}", "--expires-in", $"{seconds}s");
            var expired = TimeProvider.System.GetUtcNow().AddSeconds(seconds);
            if (!await IsAcceptedAsync(sidecar, token, expired))
            {
                // A machine so busy that it had expired before it was known: the next one lasts longer.
                continue;
            }

            using var watch = sidecar.Evaluation.WatchSessions(new WatchSessionsRequest { ConnectorId = "c1" }, Bearer(token));
            var heartbeats = new List<DateTimeOffset>();
            var ended = await Assert.ThrowsAsync<RpcException>(() => EndAsync(watch.ResponseStream, heartbeats));

            Assert.Contains("expired", ended.Status.Detail, StringComparison.Ordinal);
            Assert.Equal(StatusCode.Unauthenticated, await StatusAsync(sidecar, token));
            Assert.True(TimeProvider.System.GetUtcNow() >= before.AddSeconds(seconds), "not before its time");
            if (heartbeats.Count > 0)
            {
                Assert.InRange(heartbeats.Count(h => h > expired), 0, 2);
                return;
            }
        }
    }

    [Fact]
    public async Task Tokens_AreNowhereButInTheHandsOfWhoGotThem_AndWhoUsedThemIsOnRecord()
    {
        using var folder = new TemporaryFolder();
        string[] tokens = [await CreateAsync(folder, "--role", "admin,viewer", "--name", "alice"), ""];
        await using var sidecar = await Sidecar.StartAsync(folder, null, null, "--log-level", "trace");
        tokens[1] = await CreateAsync(folder, "--role", "connector", "--name", "bastion-1");
        await Eventually.SeesAsync(async () => await StatusAsync(sidecar, tokens[1]) is StatusCode.OK ? "accepted" : null, "the new token accepted");
        await new PolicyService.PolicyServiceClient(sidecar.OverTcp()).CreatePolicyAsync(new CreatePolicyRequest { Policy = new Policy { Name = "p" } }, Bearer(tokens[0]));
        await Assert.ThrowsAsync<RpcException>(async () => await sidecar.Evaluation.EvaluateAsync(Request(""), Bearer(tokens[0])));
        await Assert.ThrowsAsync<RpcException>(async () => await sidecar.Evaluation.EvaluateAsync(new EvaluateRequest(), Bearer(tokens[1])));
        await Assert.ThrowsAsync<RpcException>(async () => await sidecar.Evaluation.EvaluateAsync(Request(""), Bearer(tokens[1] + "x")));
        using var http = new HttpClient();
        var metrics = await http.GetStringAsync(new Uri(sidecar.Http, "/metrics"));
        await RunAsync(folder, "revoke", "alice");
        await Eventually.SeesAsync(async () => await StatusAsync(sidecar, tokens[0]) is StatusCode.Unauthenticated ? "refused" : null, "the revoked token refused");
        sidecar.Run.Terminate();
        Assert.Equal(0, await sidecar.Run.ExitAsync());

        foreach (var token in tokens.Select(t => t["pdsc_".Length..]))
        {
            foreach (var file in Directory.GetFiles(sidecar.DataDirectory, "*", SearchOption.AllDirectories))
            {
                var bytes = await File.ReadAllBytesAsync(file);
                Assert.True(bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(token)) < 0, file);
                Assert.True(bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(token)) < 0, file);
            }

            Assert.DoesNotContain(token, sidecar.Run.Output + sidecar.Run.Errors + metrics, StringComparison.Ordinal);
        }

        var records = (await File.ReadAllLinesAsync(Path.Combine(sidecar.DataDirectory, "decisions.jsonl"))).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(["create token bastion-1 by ", "create policy p by alice", "revoke token alice by "], records
            .Where(r => r.GetProperty("kind").GetString() == "change")
            .Select(r => $"{r.GetProperty("action")} {r.GetProperty("type")} {r.GetProperty("name")} by {(r.GetProperty("actor").GetProperty("caller").GetString() == "token" ? r.GetProperty("actor").GetProperty("name").GetString() : "")}"));
        var decision = Assert.Single(records, r => r.GetProperty("kind").GetString() == "decision" && r.GetProperty("actor").TryGetProperty("name", out _));
        Assert.Equal(("token", "bastion-1"), (decision.GetProperty("actor").GetProperty("caller").GetString(), decision.GetProperty("actor").GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData(2, "--role", "root", "--name", "a")]
    [InlineData(2, "--role", "admin", "--name", "no spaces")]
    [InlineData(2, "--role", "viewer", "--name", "a", "--connector-id", "c1")]
    [InlineData(2, "--role", "viewer", "--name", "a", "--expires-in", "soon")]
    [InlineData(1, "--role", "viewer", "--name", "taken")]
    public async Task Create_OfWhatCannotBe_SaysWhatIsWrong(int code, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        await CreateAsync(folder, "--role", "viewer", "--name", "taken");
        await using var run = ProgramRun.Start(BuildFacts.SidecarBinary, ["token", "create", "--data", folder.Path("data"), .. arguments]);

        Assert.Equal(code, await run.ExitAsync());
        Assert.Empty(run.Output);
        Assert.StartsWith("pdsidecar: ", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATokenFileThatIsDamaged_StopsTheStart_AndTurnsNobodyOutLater()
    {
        using var folder = new TemporaryFolder();
        var token = await CreateAsync(folder, "--role", "viewer", "--name", "a");
        var file = Path.Combine(folder.Path("data"), "tokens.json");
        await using (var sidecar = await Sidecar.StartAsync(folder))
        {
            await File.WriteAllTextAsync(file, "{ damaged");
            await Eventually.SeesAsync(() => (sidecar.Run.Output + sidecar.Run.Errors).Contains("tokens.json", StringComparison.Ordinal) ? "said" : null, "the log to say it");
            await sidecar.Policies.ListPoliciesAsync(new ListPoliciesRequest(), Bearer(token));
        }

        await using var refused = ProgramRun.Start(BuildFacts.SidecarBinary, ["serve", "--data", folder.Path("data"), "--grpc-tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        Assert.Equal(1, await refused.ExitAsync());
        Assert.Contains("tokens.json", refused.Errors, StringComparison.Ordinal);
    }

    private static EvaluateRequest Request(string sessionKey) => new() { SocketId = "bastion", SocketType = "ssh", UserEmail = "alice@example.com", SessionKey = sessionKey };

    private static Metadata Bearer(string token) => new() { { "authorization", $"Bearer {token}" } };

    private static async Task<StatusCode> StatusAsync(Sidecar sidecar, string token)
    {
        try
        {
            await sidecar.Evaluation.EvaluateAsync(Request(""), Bearer(token));
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }

    /// <summary>Asks until the token is accepted; false when it was not before it expired.</summary>
    private static async Task<bool> IsAcceptedAsync(Sidecar sidecar, string token, DateTimeOffset expires)
    {
        var accepted = await Eventually.SeesAsync(
            async () => await StatusAsync(sidecar, token) is StatusCode.OK ? "yes" : TimeProvider.System.GetUtcNow() > expires ? "too late" : null, "the new token accepted");
        return accepted == "yes";
    }

    private static async Task EndAsync<T>(IAsyncStreamReader<T> stream, List<DateTimeOffset>? heartbeats = null)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        while (await stream.MoveNext(bound.Token))
        {
            if (stream.Current is WatchSessionsResponse { Heartbeat.Time: { } time })
            {
                heartbeats?.Add(time.ToDateTimeOffset());
            }
        }
    }

    private static async Task<string> CreateAsync(TemporaryFolder folder, params string[] arguments)
    {
        var (code, output) = await RunAsync(folder, ["create", .. arguments]);
        Assert.Equal(0, code);
        Assert.Matches(@"\Apdsc_[0-9A-Za-z]{49}\z", output);
        return output;
    }

    private static async Task<(int Code, string Output)> RunAsync(TemporaryFolder folder, params string[] arguments)
    {
        await using var run = ProgramRun.Start(BuildFacts.SidecarBinary, ["token", .. arguments, "--data", folder.Path("data")]);
        return (await run.ExitAsync(), run.Output);
    }
}
