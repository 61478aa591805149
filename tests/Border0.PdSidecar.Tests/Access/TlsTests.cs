using System.Net;
using System.Security.Cryptography.X509Certificates;
using Border0.PdSidecar.V1;
using Grpc.Core;
using Grpc.Health.V1;

namespace Border0.PdSidecar.Tests.Access;

/// <summary>Beyond loopback: who is let in by certificate, by token, and not at all; and what changes while connections run.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(120), TimeProvider.System);

    private string? _viewer;

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task AClientCertificate_IsTheCallerThatItsNameIsMappedTo()
    {
        await using var host = await TlsHost.StartAsync(_patience.Token);
        using var connector = Client(host, "CN=whatever", "uri:spiffe://acme/connector/bastion-1");
        using var admin = Client(host, "CN=x", "dns:Alice.ops.acme.example");
        using var auditor = Client(host, "CN=auditor");
        using var stranger = Client(host, "CN=stranger", "uri:spiffe://acme/other/bastion-1");

        var evaluation = host.Evaluation(connector);
        var watch = evaluation.WatchSessions(new WatchSessionsRequest(), cancellationToken: _patience.Token);
        Assert.True(await watch.ResponseStream.MoveNext(_patience.Token));
        Assert.Equal(V1.Decision.Deny, (await evaluation.EvaluateAsync(Request("bastion-1"))).Decision);
        var notYours = await RefusedAsync(StatusCode.PermissionDenied, async () => await evaluation.EvaluateAsync(Request("bastion-2")));
        Assert.StartsWith("certificate uri:spiffe://acme/connector/bastion-1 acts for connector bastion-1 only", notYours, StringComparison.Ordinal);
        await RefusedAsync(StatusCode.PermissionDenied, async () => await evaluation.ListSessionsAsync(new ListSessionsRequest()));

        await new PolicyService.PolicyServiceClient(host.Connect(admin)).CreatePolicyAsync(new CreatePolicyRequest { Policy = new Policy { Name = "p" } });
        Assert.Single((await new PolicyService.PolicyServiceClient(host.Connect(auditor)).ListPoliciesAsync(new ListPoliciesRequest())).Policies);
        var unknown = await RefusedAsync(StatusCode.PermissionDenied, async () => await host.Evaluation(stranger).ListSessionsAsync(new ListSessionsRequest()));
        Assert.Contains("certificate uri:spiffe://acme/other/bastion-1 has no role. Give that name the role in grpc_client_callers", unknown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OnLoopback_ACertificateThatNoRuleFits_DoesNotGetWhatLoopbackHas()
    {
        await using var host = await TlsHost.StartAsync(_patience.Token, listensOn: "127.0.0.1");
        using var stranger = Client(host, "CN=stranger");

        await host.Evaluation().ListSessionsAsync(new ListSessionsRequest());
        await RefusedAsync(StatusCode.PermissionDenied, async () => await host.Evaluation(stranger).ListSessionsAsync(new ListSessionsRequest()));
    }

    [Fact]
    public async Task WithoutCredentials_NobodyIsAnybody_ButHealthAnswers()
    {
        var token = "";
        await using var host = await TlsHost.StartAsync(
            _patience.Token, async file => token = (await file.CreateAsync("alice", "viewer", null, null, "test", default))!.Value.Text);
        var channel = host.Connect();
        var sessions = new EvaluationService.EvaluationServiceClient(channel);

        var refused = await RefusedAsync(StatusCode.Unauthenticated, async () => await sessions.ListSessionsAsync(new ListSessionsRequest()));
        Assert.Contains("credentials are required on this listener", refused, StringComparison.Ordinal);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, (await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest())).Status);
        await sessions.ListSessionsAsync(new ListSessionsRequest(), new Metadata { { "authorization", $"Bearer {token}" } });

        var http = host.OverHttp();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(host.Http, "/healthz"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(host.Http, "/readyz"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri(host.Http, "/metrics"))).StatusCode);
        http.DefaultRequestHeaders.Add("authorization", $"Bearer {token}");
        Assert.Contains("pdsidecar_certificate_not_after", await http.GetStringAsync(new Uri(host.Http, "/metrics")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AChain_LeadsToItsAuthority_OnBothSides()
    {
        await using var host = await TlsHost.StartAsync(_patience.Token);
        using var serversBelow = new TestAuthority("servers below", host.ServerAuthority);
        using var clientsBelow = new TestAuthority("clients below", host.ClientAuthority);
        var before = await SeenAsync(host);
        host.Certify(serversBelow);
        Assert.EndsWith("CN=servers below", await ServedAsync(host, other: before), StringComparison.Ordinal);
        using var client = clientsBelow.Certify("CN=auditor", []);

        await new PolicyService.PolicyServiceClient(host.Connect(client, clientsBelow)).ListPoliciesAsync(new ListPoliciesRequest());
        await Assert.ThrowsAsync<RpcException>(async () => await new PolicyService.PolicyServiceClient(host.Connect(client)).ListPoliciesAsync(new ListPoliciesRequest()));
    }

    [Fact]
    public async Task ANewCertificate_IsShownToNewConnections_WhileOldOnesRun_AndABrokenOneIsNot()
    {
        await using var host = await TlsHost.StartAsync(_patience.Token);
        using var client = Client(host, "CN=x", "uri:spiffe://acme/connector/bastion-1");
        using var watch = host.Evaluation(client).WatchSessions(new WatchSessionsRequest(), cancellationToken: _patience.Token);
        Assert.True(await watch.ResponseStream.MoveNext(_patience.Token));
        var first = await SeenAsync(host);

        host.Certify();
        var second = await ServedAsync(host, other: first);
        await File.WriteAllTextAsync(host.PathOf("tls.key"), "no key");
        await EventuallyAsync(async () => (await MetricsAsync(host)).Contains("not_reloaded{key=\"grpc_tls_cert\"} 1", StringComparison.Ordinal));
        Assert.Equal(second, await SeenAsync(host));
        Assert.Contains("grpc_tls_cert", await ReadyAsync(host), StringComparison.Ordinal);
        host.Certify();
        var third = await ServedAsync(host, other: second);
        await EventuallyAsync(async () => await SeenOverHttpAsync(host) == third);

        await EventuallyAsync(async () => (await MetricsAsync(host)).Contains("not_reloaded{key=\"grpc_tls_cert\"} 0", StringComparison.Ordinal));
        Assert.True(await watch.ResponseStream.MoveNext(_patience.Token), "the old connection goes on");
    }

    [Fact]
    public async Task AnAuthorityThatIsAcceptedNoLonger_EndsItsClients()
    {
        await using var host = await TlsHost.StartAsync(_patience.Token);
        using var others = new TestAuthority("new clients");
        using var before = Client(host, "CN=x", "uri:spiffe://acme/connector/before");
        using var after = others.Certify("CN=x", ["uri:spiffe://acme/connector/after"]);
        using var watch = host.Evaluation(before).WatchSessions(new WatchSessionsRequest(), cancellationToken: _patience.Token);
        Assert.True(await watch.ResponseStream.MoveNext(_patience.Token));

        await File.WriteAllTextAsync(host.PathOf("ca.crt"), "no certificate");
        await EventuallyAsync(async () => (await MetricsAsync(host)).Contains("not_reloaded{key=\"grpc_client_ca\"} 1", StringComparison.Ordinal));
        Assert.Equal(StatusCode.OK, await StatusAsync(host, before));
        host.Accept(host.ClientAuthority, others);
        await EventuallyAsync(async () => await StatusAsync(host, after) == StatusCode.OK);
        Assert.True(await watch.ResponseStream.MoveNext(_patience.Token), "the old authority is still accepted");
        host.Accept(others);

        var ended = await EndedAsync(watch.ResponseStream);
        Assert.Equal(StatusCode.Unauthenticated, ended.StatusCode);
        Assert.Contains("no authority that is accepted", ended.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.OK, await StatusAsync(host, after));
        Assert.NotEqual(StatusCode.OK, await StatusAsync(host, before));
    }

    [Fact]
    public async Task ACertificateThatExpires_EndsItsConnection()
    {
        await using var host = await TlsHost.StartAsync(_patience.Token);
        for (var seconds = 4; ; seconds *= 2)
        {
            using var brief = host.ClientAuthority.Certify("CN=x", ["uri:spiffe://acme/connector/brief"], TimeProvider.System.GetUtcNow().AddSeconds(seconds));
            var evaluation = host.Evaluation(brief);
            using var watch = evaluation.WatchSessions(new WatchSessionsRequest(), cancellationToken: _patience.Token);
            using var stream = evaluation.EvaluateStream(cancellationToken: _patience.Token);
            try
            {
                Assert.True(await watch.ResponseStream.MoveNext(_patience.Token));
                await stream.RequestStream.WriteAsync(new EvaluateStreamRequest { Requests = { Request("") } }, _patience.Token);
                Assert.True(await stream.ResponseStream.MoveNext(_patience.Token));
            }
            catch (RpcException) when (TimeProvider.System.GetUtcNow() >= brief.NotAfter)
            {
                // A machine so busy that it had expired before both streams ran: the next one lasts longer.
                continue;
            }

            var (watchEnded, streamEnded) = (await EndedAsync(watch.ResponseStream), await EndedAsync(stream.ResponseStream));

            Assert.All((RpcException[])[watchEnded, streamEnded], e => Assert.Equal(StatusCode.Unauthenticated, e.StatusCode));
            Assert.Contains("certificate uri:spiffe://acme/connector/brief expired at", watchEnded.Status.Detail, StringComparison.Ordinal);
            Assert.True(TimeProvider.System.GetUtcNow() >= brief.NotAfter);
            return;
        }
    }

    private static X509Certificate2 Client(TlsHost host, string subject, params string[] names) => host.ClientAuthority.Certify(subject, names);

    private static EvaluateRequest Request(string connector) => new() { ConnectorId = connector, SocketId = "s", SocketType = "ssh", UserEmail = "alice@example.com" };

    private static async Task<string> RefusedAsync(StatusCode code, Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal(code, refused.StatusCode);
        return refused.Status.Detail;
    }

    private static async Task<StatusCode> StatusAsync(TlsHost host, X509Certificate2 client)
    {
        try
        {
            await host.Evaluation(client).EvaluateAsync(Request(""));
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }

    private static async Task<string> SeenAsync(TlsHost host)
    {
        var seen = "";
        await new Health.HealthClient(host.Connect(sees: c => seen = c.Thumbprint + c.Issuer)).CheckAsync(new HealthCheckRequest());
        return seen;
    }

    private static async Task<string> SeenOverHttpAsync(TlsHost host)
    {
        var seen = "";
        using var http = host.OverHttp(sees: c => seen = c.Thumbprint + c.Issuer);
        await http.GetAsync(new Uri(host.Http, "/healthz"));
        return seen;
    }

    private async Task<RpcException> EndedAsync<T>(IAsyncStreamReader<T> stream) => await Assert.ThrowsAsync<RpcException>(async () =>
    {
        while (await stream.MoveNext(_patience.Token))
        {
            // Heartbeats.
        }
    });

    private async Task<string> ServedAsync(TlsHost host, string other)
    {
        var seen = other;
        await EventuallyAsync(async () =>
        {
            seen = await SeenAsync(host);
            return seen != other;
        });
        return seen;
    }

    private async Task<string> MetricsAsync(TlsHost host) => await LookAsync(host, "metrics");

    private async Task<string> ReadyAsync(TlsHost host) => await LookAsync(host, "readyz");

    private async Task<string> LookAsync(TlsHost host, string page)
    {
        _viewer ??= (await host.Host.Tokens.CreateAsync("look", "viewer", null, null, "test", _patience.Token))!.Value.Text;
        var http = host.OverHttp();
        http.DefaultRequestHeaders.Add("authorization", $"Bearer {_viewer}");
        HttpResponseMessage? answer = null;
        await EventuallyAsync(async () => (answer = await http.GetAsync(new Uri(host.Http, "/metrics"), _patience.Token)).IsSuccessStatusCode);
        return page == "metrics" ? await answer!.Content.ReadAsStringAsync(_patience.Token) : await http.GetStringAsync(new Uri(host.Http, "/" + page), _patience.Token);
    }

    private async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        while (!await holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, _patience.Token);
        }
    }
}
