using System.Text.Json;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>What a real process leaves on record, through a stop and through a kill.</summary>
public class DecisionLogTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private static readonly Metadata Traced = new() { { "traceparent", $"00-{Trace}-b7ad6b7169203331-01" } };

    [Fact]
    public async Task EverythingIsOnRecord_AndNoSecret()
    {
        using var folder = new TemporaryFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress, more: ["--decision-log", "file,stdout", "--log-level", "error"]);
        await pagerDuty.ConnectAsync(sidecar);
        await StoryTests.CreatePolicyAsync(sidecar, new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireBeOncall = true });
        await sidecar.Policies.AttachPolicyAsync(new AttachPolicyRequest { Name = "responders", SocketIds = { "bastion" } });
        var policy = (await sidecar.Policies.GetPolicyAsync(new GetPolicyRequest { Name = "responders" })).Policy;

        var allowed = await sidecar.Evaluation.EvaluateAsync(Request("r1", "s1"), Traced);
        Assert.Equal(Decision.Allow, allowed.Decision);
        using (var stream = sidecar.Evaluation.EvaluateStream(Traced))
        {
            await stream.RequestStream.WriteAsync(new EvaluateStreamRequest { Requests = { Request("r2", "", "bob@example.com"), Request("r3", "", "") } });
            await stream.RequestStream.CompleteAsync();
            while (await stream.ResponseStream.MoveNext(default))
            {
                Assert.NotNull(stream.ResponseStream.Current);
            }
        }

        await sidecar.Policies.TestPolicyAsync(new TestPolicyRequest { Name = "responders", UserEmail = "alice@example.com" });
        await sidecar.Sessions.RevokeSessionAsync(new RevokeSessionRequest { ConnectorId = "c1", SessionKey = "s1", Reason = "left the company" });
        await sidecar.Integrations.UpdateIntegrationAsync(new UpdateIntegrationRequest
        {
            Integration = new Integration { Name = SimulatedPagerDuty.IntegrationName, WebhookSecrets = { "another secret of the webhook subscription" } },
        });
        await sidecar.Policies.DeletePolicyAsync(new DeletePolicyRequest { Name = "responders" });
        sidecar.Run.Terminate();
        Assert.Equal(0, await sidecar.Run.ExitAsync());

        var file = Path.Combine(sidecar.DataDirectory, "decisions.jsonl");
        var text = await File.ReadAllTextAsync(file);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.DoesNotContain(DemoAccount.ReadOnlyKey, text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret of the webhook", text, StringComparison.Ordinal);
        Assert.Equal(text.TrimEnd('\n'), sidecar.Run.Output);

        var records = Parse(text);
        Assert.Equal(
            ["create integration", "create policy", "update policy", "allow r1", "deny r2", "revocation s1", "revoke session", "update integration", "delete policy"],
            records.Select(Told));
        Assert.All(records[3..5], r => Assert.Equal(Trace, r.GetProperty("trace_id").GetString()));
        Assert.Equal(policy.Etag, records[3].GetProperty("policies").GetProperty("responders").GetString());
        Assert.Equal(allowed.Reasons[0].Message, records[3].GetProperty("reasons")[0].GetProperty("message").GetString());
        Assert.Equal(("REVOCATION_CAUSE_ADMINISTRATOR", "INITIATING_ENTITY_ADMIN"), (records[5].GetProperty("cause").GetString(), records[5].GetProperty("initiating_entity").GetString()));
        Assert.True(records[7].GetProperty("webhook_secrets_changed").GetBoolean());
        Assert.All(records.Where(r => r.GetProperty("kind").GetString() == "change"), r =>
        {
            var actor = r.GetProperty("actor");
            Assert.Equal(("unix", "grpc_socket"), (actor.GetProperty("caller").GetString(), actor.GetProperty("listener").GetString()));
            Assert.True(actor.TryGetProperty("uid", out _));
        });
        Assert.Equal(records[1].GetProperty("etag_after").GetString(), records[2].GetProperty("etag_before").GetString());
        Assert.Equal("bastion", records[2].GetProperty("after").GetProperty("socket_ids")[0].GetString());
    }

    [Fact]
    public async Task AfterAKill_TheLogGoesOnOnALineOfItsOwn()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path("data"), "decisions.jsonl");
        await using (var killed = await Sidecar.StartAsync(folder))
        {
            await killed.Evaluation.EvaluateAsync(Request("r1", ""));
            await Eventually.SeesAsync(() => File.Exists(file) && new FileInfo(file).Length > 0 ? "" : null, "the first record");
            await killed.KillAsync();
        }

        // What a kill in the middle of a write leaves.
        await File.AppendAllTextAsync(file, "{\"kind\":\"dec");
        await using (var again = await Sidecar.StartAsync(folder))
        {
            await again.Evaluation.EvaluateAsync(Request("r2", ""));
            again.Run.Terminate();
            await again.Run.ExitAsync();
        }

        var lines = await File.ReadAllLinesAsync(file);
        Assert.Equal(3, lines.Length);
        Assert.Equal("{\"kind\":\"dec", lines[1]);
        Assert.Equal(["deny r1", "deny r2"], Parse($"{lines[0]}\n{lines[2]}\n").Select(Told));
    }

    [Fact]
    public async Task FullDisk_DecisionsGoOn_AndWhatIsMissingIsTold()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Path("decisions.jsonl");
        File.CreateSymbolicLink(file, "/dev/full");
        await using var sidecar = await Sidecar.StartAsync(folder, more: ["--decision-log-file", file]);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(Decision.Deny, (await sidecar.Evaluation.EvaluateAsync(Request($"r{i}", ""))).Decision);
        }

        await Eventually.SeesAsync(() => sidecar.Run.Output.Contains("cannot be written", StringComparison.Ordinal) ? "" : null, "the error");
        File.Delete(file);
        var records = await Eventually.SeesAsync(
            () => File.Exists(file) && File.ReadAllText(file) is [.., '\n'] text && Parse(text) is var told && told.Sum(Counts) == 100 ? told : null, "a record or its gap for each decision");
        var missing = Counts(records[0]);
        Assert.Equal("gap", records[0].GetProperty("kind").GetString());
        Assert.Equal(Enumerable.Range(missing, 100 - missing).Select(i => $"deny r{i}"), records[1..].Select(Told));

        using var http = new HttpClient();
        Assert.Contains($"pdsidecar_decision_log_missing_total {missing}\n", await http.GetStringAsync(new Uri(sidecar.Http, "/metrics")), StringComparison.Ordinal);

        static int Counts(JsonElement record) => record.TryGetProperty("missing", out var gap) ? gap.GetInt32() : 1;
    }

    private static EvaluateRequest Request(string id, string sessionKey, string user = "alice@example.com") => new()
    {
        RequestId = id,
        ConnectorId = "c1",
        SocketId = "bastion",
        SocketType = "ssh",
        UserEmail = user,
        ClientIp = "192.0.2.10:51000",
        SessionKey = sessionKey,
    };

    private static string Told(JsonElement record) => record.GetProperty("kind").GetString() switch
    {
        "decision" => $"{record.GetProperty("outcome").GetString()} {record.GetProperty("request_id").GetString()}",
        "revocation" => $"revocation {record.GetProperty("session_key").GetString()}",
        "change" => $"{record.GetProperty("action").GetString()} {record.GetProperty("type").GetString()}",
        var other => other!,
    };

    private static JsonElement[] Parse(string lines) => [.. lines.TrimEnd('\n').Split('\n').Select(l => JsonDocument.Parse(l).RootElement)];
}
