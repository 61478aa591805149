using Border0.PdSidecar.Access;
using Border0.PdSidecar.Tests.Hosting;
using Border0.PdSidecar.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace Border0.PdSidecar.Tests.Access;

/// <summary>Credentials that are bound to connector c1, of every kind, against what belongs to connector c2.</summary>
public sealed class OtherConnectorsTests : IDisposable
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(120), TimeProvider.System);

    public void Dispose() => _patience.Dispose();

    [Theory]
    [InlineData("token over the Unix socket")]
    [InlineData("token over loopback")]
    [InlineData("token over TLS")]
    [InlineData("token over the other's certificate")]
    [InlineData("certificate")]
    public async Task ABoundConnector_NeitherAsksNorWatchesNorEnds_ForAnother(string kind)
    {
        var token = "";
        await using var host = await TlsHost.StartAsync(
            _patience.Token,
            async file => token = (await file.CreateAsync("bastion-1", "connector", "c1", null, "test", _patience.Token))!.Value.Text);
        await using var local = await RunningHost.StartAsync(
            _patience.Token, tokens: async file => token = kind.Contains("TLS", StringComparison.Ordinal) || kind.Contains("certificate", StringComparison.Ordinal)
                ? token
                : (await file.CreateAsync("bastion-1", "connector", "c1", null, "test", _patience.Token))!.Value.Text);
        using var c1 = host.ClientAuthority.Certify("CN=x", ["uri:spiffe://acme/connector/c1"]);
        using var c2 = host.ClientAuthority.Certify("CN=x", ["uri:spiffe://acme/connector/c2"]);
        var (channel, administration) = kind switch
        {
            "token over the Unix socket" => (local.Channel, local.Channel),
            "token over loopback" => (local.Tcp, local.Channel),
            "token over TLS" => (host.Connect(), host.Host.Channel),
            "token over the other's certificate" => (host.Connect(c2), host.Host.Channel),
            _ => (host.Connect(c1), host.Host.Channel),
        };
        var bound = kind == "certificate" ? new Metadata() : new Metadata { { "authorization", $"Bearer {token}" } };
        await new PolicyService.PolicyServiceClient(administration).CreatePolicyAsync(
            new CreatePolicyRequest { Policy = new Policy { Name = "everybody", OrgWide = true, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } } });
        var unbound = new EvaluationService.EvaluationServiceClient(administration);
        await unbound.EvaluateAsync(Request("c2", "s2"));
        using var others = unbound.WatchSessions(new WatchSessionsRequest { ConnectorId = "c2" }, cancellationToken: _patience.Token);
        Assert.True(await others.ResponseStream.MoveNext(_patience.Token));
        var resume = others.ResponseStream.Current.ResumeToken;
        var evaluation = new EvaluationService.EvaluationServiceClient(channel);

        // By the other's connector id: refused, whatever else the request says.
        await RefusedAsync(async () => await evaluation.EvaluateAsync(Request("c2", "s2"), bound));
        await RefusedAsync(async () => await evaluation.EvaluateAsync(Request("c2", ""), bound));
        await RefusedAsync(async () => await evaluation.EvaluateAsync(Request("C1", "s1"), bound));
        await RefusedAsync(async () => await evaluation.EndSessionAsync(new EndSessionRequest { ConnectorId = "c2", SessionKey = "s2" }, bound));
        await RefusedAsync(() => FirstAsync(evaluation, new WatchSessionsRequest { ConnectorId = "c2" }, bound));
        await RefusedAsync(() => FirstAsync(evaluation, new WatchSessionsRequest { ConnectorId = "c2", ResumeToken = resume }, bound));
        Assert.Equal(
            [(StatusCode.PermissionDenied, "NOT_YOUR_CONNECTOR"), (StatusCode.FailedPrecondition, "SESSION_KEY_IN_USE"), (StatusCode.OK, "")],
            await StreamAsync(evaluation, bound, Request("c2", "s2"), Request("", "s2"), Request("", "s1")));

        // By the other's session key or resume token, under its own id: there is nothing of the other's to be had.
        Assert.False((await evaluation.EndSessionAsync(new EndSessionRequest { SessionKey = "s2" }, bound)).WasOpen);
        Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<RpcException>(async () => await evaluation.EvaluateAsync(Request("", "s2"), bound))).StatusCode);
        await FirstAsync(evaluation, new WatchSessionsRequest { ActiveSessions = { Active("s1"), Active("s2") } }, bound);
        if (await FirstAsync(evaluation, new WatchSessionsRequest { ResumeToken = resume }, bound) is { } resumed)
        {
            Assert.True(resumed.EventCase is WatchSessionsResponse.EventOneofCase.ResyncRequired or WatchSessionsResponse.EventOneofCase.Heartbeat, resumed.ToString());
        }

        // It is there as it was, and its own connector may end it.
        Assert.Equal(["s2"], (await unbound.ListSessionsAsync(new ListSessionsRequest { ConnectorId = "c2" })).Sessions.Select(s => s.SessionKey));
        Assert.True((await unbound.EndSessionAsync(new EndSessionRequest { ConnectorId = "c2", SessionKey = "s2" })).WasOpen);
    }

    [Fact]
    public void EveryRequestOfAConnectorThatNamesOne_IsTriedAbove()
    {
        // A method that is added for connectors needs its lines above.
        var named = EvaluationService.Descriptor.Methods
            .Where(m => MethodRoles.Of($"/{m.Service.FullName}/{m.Name}").AnyOf.HasFlag(Roles.Connector))
            .Select(m => m.Name);

        Assert.Equal(["Evaluate", "EvaluateStream", "WatchSessions", "EndSession"], named);
        Assert.All(
            (MessageDescriptor[])[EvaluateRequest.Descriptor, EvaluateStreamRequest.Descriptor.FindFieldByName("requests").MessageType, WatchSessionsRequest.Descriptor, EndSessionRequest.Descriptor],
            m => Assert.NotNull(m.FindFieldByName("connector_id")));
    }

    private static EvaluateRequest Request(string connector, string sessionKey) =>
        new() { ConnectorId = connector, SocketId = "bastion", SocketType = "ssh", UserEmail = "alice@example.com", SessionKey = sessionKey };

    private static ActiveSession Active(string sessionKey) => new() { SessionKey = sessionKey, SocketId = "bastion", SocketType = "ssh", UserEmail = "alice@example.com" };

    private async Task<WatchSessionsResponse> FirstAsync(EvaluationService.EvaluationServiceClient evaluation, WatchSessionsRequest request, Metadata credentials)
    {
        using var watch = evaluation.WatchSessions(request, credentials, cancellationToken: _patience.Token);
        Assert.True(await watch.ResponseStream.MoveNext(_patience.Token));
        return watch.ResponseStream.Current;
    }

    private async Task<List<(StatusCode Code, string Reason)>> StreamAsync(EvaluationService.EvaluationServiceClient evaluation, Metadata credentials, params EvaluateRequest[] requests)
    {
        using var stream = evaluation.EvaluateStream(credentials, cancellationToken: _patience.Token);
        for (var i = 0; i < requests.Length; i++)
        {
            requests[i].RequestId = $"{i}";
        }

        await stream.RequestStream.WriteAsync(new EvaluateStreamRequest { Requests = { requests } });
        await stream.RequestStream.CompleteAsync();
        var answers = await stream.ResponseStream.ReadAllAsync(_patience.Token).ToListAsync(_patience.Token);
        return
        [
            .. answers.SelectMany(a => a.Failures.Select(f => (f.RequestId, (StatusCode)f.Code, f.Reason)).Concat(a.Responses.Select(r => (r.RequestId, StatusCode.OK, ""))))
                .OrderBy(a => a.RequestId, StringComparer.Ordinal).Select(a => (a.Item2, a.Item3)),
        ];
    }

    private static async Task RefusedAsync(Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        var info = refused.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!;
        Assert.Equal(("NOT_YOUR_CONNECTOR", "c1"), (info.Reason, info.Metadata["connector_id"]));
    }
}
