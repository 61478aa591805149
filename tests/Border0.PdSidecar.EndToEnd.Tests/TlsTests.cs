using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Border0.PdSidecar.Client;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>A sidecar beyond loopback, from outside: refused without TLS, used by certificate, its own certificate renewed while it runs.</summary>
public class TlsTests
{
    [Theory]
    [InlineData("--grpc-tcp", "grpc_tcp: 0.0.0.0:0 is not on loopback", "grpc_tls_cert and grpc_tls_key")]
    [InlineData("--http", "http: 0.0.0.0:0 is not on loopback", "http_tls_cert and http_tls_key")]
    public async Task BeyondLoopback_WithoutTls_ItDoesNotStart(string listener, string why, string needs)
    {
        using var folder = new TemporaryFolder();
        await using var run = ProgramRun.Start(BuildFacts.SidecarBinary, ["serve", "--data", folder.Path("data"), listener, "0.0.0.0:0"]);

        Assert.Equal(2, await run.ExitAsync());
        Assert.Contains("pdsidecar: " + why, run.Errors, StringComparison.Ordinal);
        Assert.Contains(needs, run.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Path("data")));
    }

    [Fact]
    public async Task CertificatesThatCannotBeUsed_StopTheStart_WithTheirNames()
    {
        using var folder = new TemporaryFolder();
        using var tls = new TlsFolder();
        tls.Damage();
        await using var run = ProgramRun.Start(BuildFacts.SidecarBinary, ["serve", "--data", folder.Path("data"), "--http", "127.0.0.1:0", .. tls.Arguments]);

        Assert.Equal(1, await run.ExitAsync());
        Assert.Matches("pdsidecar: grpc_tls_cert: .*tls.crt and .*tls.key cannot be used", run.Errors);
    }

    [Fact]
    public async Task AConnectorByCertificate_HasItsSessionsAndNoOthers_WhileTheSidecarsCertificateIsRenewed()
    {
        using var folder = new TemporaryFolder();
        using var tls = new TlsFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress, null, tls.Arguments);
        await pagerDuty.ConnectAsync(sidecar);
        await StoryTests.CreatePolicyAsync(sidecar, new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireIncident = true });
        var incident = pagerDuty.Trigger("Payments are failing");
        using var way = SidecarConnection.To(TlsFolder.AddressOf(sidecar), tls.Client("bastion-1"));
        var ends = new Ends();
        await using var connector = ConnectorClient.Start(way, new ConnectorOptions { ConnectorId = "bastion-1", SilenceBound = TimeSpan.FromMinutes(5) }, ends);
        await connector.WhenReadyAsync();
        await Eventually.SeesAsync(async () => (await connector.EvaluateAsync(Request("s1"))).IsAllowed ? "allowed" : null, "an allow");

        // Another connector's certificate, and one that is nobody's.
        using var otherWay = SidecarConnection.To(TlsFolder.AddressOf(sidecar), tls.Client("bastion-2"));
        var other = new EvaluationService.EvaluationServiceClient(otherWay.Channel);
        await RefusedAsync(StatusCode.PermissionDenied, async () => await other.EndSessionAsync(new EndSessionRequest { ConnectorId = "bastion-1", SessionKey = "s1" }));
        await RefusedAsync(StatusCode.PermissionDenied, async () => await other.EvaluateAsync(new EvaluateRequest(Request("s1")) { ConnectorId = "bastion-1" }));
        await RefusedAsync(StatusCode.PermissionDenied, async () =>
        {
            using var watch = other.WatchSessions(new WatchSessionsRequest { ConnectorId = "bastion-1" });
            await watch.ResponseStream.MoveNext(default);
        });
        Assert.False((await other.EndSessionAsync(new EndSessionRequest { SessionKey = "s1" })).WasOpen);
        using var nobodysWay = SidecarConnection.To(TlsFolder.AddressOf(sidecar), tls.Client("x", "CN=nobody", tls.Clients.Certify("CN=nobody", [])));
        var nobody = await RefusedAsync(
            StatusCode.PermissionDenied, async () => await new EvaluationService.EvaluationServiceClient(nobodysWay.Channel).EvaluateAsync(Request("s2")));
        Assert.Contains("certificate cn:nobody has no role", nobody, StringComparison.Ordinal);
        using var others = new TestAuthority("others");
        using var strangersWay = SidecarConnection.To(TlsFolder.AddressOf(sidecar), tls.Client("stranger", "", others.Certify("CN=stranger", ["uri:spiffe://acme/connector/bastion-1"])));
        var stranger = await Assert.ThrowsAsync<RpcException>(async () => await new EvaluationService.EvaluationServiceClient(strangersWay.Channel).EvaluateAsync(Request("s2")));
        Assert.NotEqual(StatusCode.PermissionDenied, stranger.StatusCode);
        await Eventually.SeesAsync(
            () => sidecar.Run.Output.Contains("A client certificate is not accepted: CN=stranger of CN=others: ", StringComparison.Ordinal) ? "said" : null, "the log to say it");
        using var withoutWay = SidecarConnection.To(TlsFolder.AddressOf(sidecar), new SidecarCredentials { ServerCaFile = tls.ServerCa });
        await RefusedAsync(StatusCode.Unauthenticated, async () => await new EvaluationService.EvaluationServiceClient(withoutWay.Channel).EvaluateAsync(Request("s2")));

        // A new certificate, a broken one, and a new one again: nobody notices but who comes anew.
        var first = await SerialAsync(tls, sidecar);
        tls.Certify();
        var second = await OtherSerialAsync(tls, sidecar, first);
        tls.Damage();
        await Eventually.SeesAsync(() => sidecar.Run.Output.Contains("cannot be used; what was there before is in force", StringComparison.Ordinal) ? "said" : null, "the log to say it");
        Assert.Equal(second, await SerialAsync(tls, sidecar));
        tls.Certify();
        await OtherSerialAsync(tls, sidecar, second);
        Assert.True(connector.IsWatching);
        Assert.Empty(ends.All);
        Assert.Equal(1, connector.SessionCount);

        pagerDuty.Resolve(incident);
        await Eventually.SeesAsync(() => ends.All.Length > 0 ? "ended" : null, "the session to end");
        Assert.Equal(("s1", SessionEndCause.Revoked), (Assert.Single(ends.All).SessionKey, ends.All[0].Cause));
        sidecar.Run.Terminate();
        await sidecar.Run.ExitAsync();
        var actors = (await File.ReadAllLinesAsync(Path.Combine(sidecar.DataDirectory, "decisions.jsonl"))).Select(l => JsonDocument.Parse(l).RootElement)
            .Where(r => r.GetProperty("kind").GetString() == "decision").Select(r => r.GetProperty("actor").GetRawText()).Distinct();
        Assert.Equal("""{"caller":"certificate","name":"uri:spiffe://acme/connector/bastion-1","listener":"grpc_tcp"}""", Assert.Single(actors));
    }

    [Fact]
    public async Task Examples_ComeByCertificate_AndByToken()
    {
        using var folder = new TemporaryFolder();
        using var tls = new TlsFolder();
        await using var sidecar = await Sidecar.StartAsync(folder, null, null, tls.Arguments);
        await sidecar.Policies.CreatePolicyAsync(
            new CreatePolicyRequest { Policy = new Policy { Name = "all", OrgWide = true, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } } });
        var tokens = new Dictionary<string, string>();
        foreach (var language in ConnectorExamples.Languages)
        {
            await using var create = ProgramRun.Start(
                BuildFacts.SidecarBinary,
                ["token", "create", "--data", sidecar.DataDirectory, "--role", "connector", "--connector-id", language, "--name", language]);
            Assert.Equal(0, await create.ExitAsync());
            tokens[language] = tls.Write(language + ".token", create.Output);
        }

        foreach (var byToken in (bool[])[false, true])
        {
            await using var connectors = await ConnectorExamples.StartAsync(
                TlsFolder.AddressOf(sidecar),
                TimeSpan.FromSeconds(30),
                language =>
                {
                    var shown = tls.Client(language);
                    return byToken
                        ? new Dictionary<string, string> { ["CONNECTOR_CA_FILE"] = tls.ServerCa, ["CONNECTOR_TOKEN_FILE"] = tokens[language] }
                        : new() { ["CONNECTOR_CA_FILE"] = tls.ServerCa, ["CONNECTOR_CERT_FILE"] = shown.CertificateFile, ["CONNECTOR_KEY_FILE"] = shown.KeyFile };
                });
            connectors.Type("open % alice@example.com");
            await connectors.SayAsync("allowed %: ssh=*");
            Assert.Equal(
                ConnectorExamples.Languages.Order(), (await sidecar.Sessions.ListSessionsAsync(new ListSessionsRequest())).Sessions.Select(s => s.ConnectorId).Order());
            await connectors.FinishAsync();
        }
    }

    private static EvaluateRequest Request(string sessionKey) => new() { SocketId = "bastion", SocketType = "ssh", UserEmail = "alice@example.com", SessionKey = sessionKey };

    private static async Task<string> RefusedAsync(StatusCode code, Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal(code, refused.StatusCode);
        return refused.Status.Detail;
    }

    private static Task<string> OtherSerialAsync(TlsFolder tls, Sidecar sidecar, string before) =>
        Eventually.SeesAsync(async () => await SerialAsync(tls, sidecar) is var serial && serial != before ? serial : null, "another certificate");

    private static async Task<string> SerialAsync(TlsFolder tls, Sidecar sidecar)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", new Uri(TlsFolder.AddressOf(sidecar)).Port);
        await using var stream = new SslStream(tcp.GetStream());
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { tls.Servers.Root },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        });
        return ((X509Certificate2)stream.RemoteCertificate!).SerialNumber;
    }

    private sealed class Ends : ISessionHandler
    {
        private volatile SessionEnd[] _all = [];

        public SessionEnd[] All => _all;

        public ValueTask EndAsync(SessionEnd end, CancellationToken cancellation)
        {
            _all = [.. _all, end];
            return ValueTask.CompletedTask;
        }
    }
}
