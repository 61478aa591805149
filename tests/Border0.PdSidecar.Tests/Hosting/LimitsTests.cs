using System.Net;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Tests.Rpc;
using Border0.PdSidecar.V1;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;

namespace Border0.PdSidecar.Tests.Hosting;

/// <summary>What a caller gets who wants more than it may have, and that nobody else notices.</summary>
public sealed class LimitsTests : IDisposable
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(120), TimeProvider.System);

    private CancellationToken Patience => _patience.Token;

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task Watches_OfOneConnector_AreBounded()
    {
        await using var host = await StartAsync(new CallLimits { MaxWatchesPerConnector = 2 });
        var client = new EvaluationService.EvaluationServiceClient(host.Channel);
        using var first = await WatchAsync(client, "c1");
        using var second = await WatchAsync(client, "c1");
        Assert.Equal((StatusCode.ResourceExhausted, "TOO_MANY_WATCHES"), await RefusalAsync(() => WatchAsync(client, "c1")));
        using var other = await WatchAsync(client, "c2");
        second.Dispose();
        using var again = await UntilAsync(() => WatchAsync(client, "c1"));
    }

    [Fact]
    public async Task EvaluateStreams_OfOneConnection_AreBounded()
    {
        await using var host = await StartAsync(new CallLimits { MaxEvaluateStreams = 2 });
        var client = new EvaluationService.EvaluationServiceClient(host.Channel);
        using var first = await StreamAsync(client);
        using var second = await StreamAsync(client);
        Assert.Equal((StatusCode.ResourceExhausted, "TOO_MANY_STREAMS"), await RefusalAsync(() => StreamAsync(client)));
        using var channel = GrpcChannel.ForAddress("http://" + host.Host.Endpoints.GrpcTcp);
        using var other = await StreamAsync(new EvaluationService.EvaluationServiceClient(channel));
        await second.RequestStream.CompleteAsync();
        Assert.False(await second.ResponseStream.MoveNext(Patience));
        using var again = await UntilAsync(() => StreamAsync(client));
    }

    [Fact]
    public async Task Sessions_OfOneConnector_AreBounded()
    {
        await using var host = await StartAsync(new CallLimits { MaxSessionsPerConnector = 3 });
        await AllowEverybodyAsync(host);
        var client = new EvaluationService.EvaluationServiceClient(host.Channel);
        for (var i = 0; i < 3; i++)
        {
            await EvaluateAsync(client, "c1", $"s{i}");
        }

        Assert.Equal((StatusCode.ResourceExhausted, "TOO_MANY_SESSIONS"), await RefusalAsync(() => EvaluateAsync(client, "c1", "s3")));
        await EvaluateAsync(client, "c1", "s0");
        await EvaluateAsync(client, "c1", "");
        await EvaluateAsync(client, "c2", "s3");
        await client.EndSessionAsync(new EndSessionRequest { ConnectorId = "c1", SessionKey = "s1" }, cancellationToken: Patience);
        await EvaluateAsync(client, "c1", "s4");

        // What a connector holds all the same is not looked after, and it is told so.
        var request = new WatchSessionsRequest { ConnectorId = "c1" };
        request.ActiveSessions.Add(((string[])["s0", "s2", "s4", "s5"]).Select(k => new ActiveSession { SessionKey = k, SocketId = "s", SocketType = "ssh", UserEmail = "alice@example.com" }));
        using var call = client.WatchSessions(request, cancellationToken: Patience);
        while (await call.ResponseStream.MoveNext(Patience))
        {
            if (call.ResponseStream.Current.SessionRevoked is { } revoked)
            {
                Assert.Equal(("s5", RevocationCause.NotAllowedOnAdoption), (revoked.SessionKey, revoked.Cause));
                break;
            }
        }

        var listed = await client.ListSessionsAsync(new ListSessionsRequest { ConnectorId = "c1" }, cancellationToken: Patience);
        Assert.Equal(["s0", "s2", "s4"], listed.Sessions.Select(s => s.SessionKey));
    }

    [Fact]
    public async Task Messages_HaveASizeAndSubscriptionsAnother()
    {
        await using var host = await StartAsync(new CallLimits { MaxMessageSize = 64 << 10, MaxSubscriptionSize = 256 << 10 });
        var client = new EvaluationService.EvaluationServiceClient(host.Channel);
        var large = Request("c1", "");
        large.Groups.Add(Enumerable.Range(0, 900).Select(i => $"{i:000}-{new string('x', 100)}"));
        Assert.Equal(StatusCode.ResourceExhausted, (await RefusalAsync(() => client.EvaluateAsync(large, cancellationToken: Patience).ResponseAsync)).Code);
        using var stream = await StreamAsync(client);
        await stream.WriteUnlessRefusedAsync(new EvaluateStreamRequest { Requests = { large } }, Patience);
        Assert.Equal(StatusCode.ResourceExhausted, (await RefusalAsync(() => stream.ResponseStream.MoveNext(Patience))).Code);

        Assert.Equal(1000, (await SubscribeAsync(client, 1000, 100)).Current.Heartbeat.Time is null ? 0 : 1000);
        Assert.Equal(StatusCode.ResourceExhausted, (await RefusalAsync(() => SubscribeAsync(client, 4000, 100))).Code);
    }

    [Fact]
    public async Task Headers_HaveASize()
    {
        await using var host = await StartAsync(new CallLimits { MaxHeaderSize = 4 << 10 });
        await AllowEverybodyAsync(host);
        using var channel = GrpcChannel.ForAddress("http://" + host.Host.Endpoints.GrpcTcp);
        var refused = await RefusalAsync(() => new EvaluationService.EvaluationServiceClient(channel)
            .EvaluateAsync(Request("c1", ""), new Metadata { { "x-long", new string('x', 8 << 10) } }, cancellationToken: Patience).ResponseAsync);
        Assert.Contains(refused.Code, (StatusCode[])[StatusCode.Unavailable, StatusCode.Internal, StatusCode.ResourceExhausted]);
        await EvaluateAsync(new EvaluationService.EvaluationServiceClient(host.Channel), "c1", "");
    }

    [Fact]
    public async Task ACallerThatDoesNotGoOnSending_IsCutOff()
    {
        await using var host = await StartAsync(new CallLimits());
        using var http = new HttpClient();
        using var watch = await WatchAsync(new EvaluationService.EvaluationServiceClient(host.Channel), "c1");
        await Assert.ThrowsAsync<HttpRequestException>(() => http.SendAsync(Subscription(host, Task.Delay(Timeout.Infinite, Patience)), Patience));
        Assert.False(Patience.IsCancellationRequested);
        Assert.True(await watch.ResponseStream.MoveNext(Patience));
    }

    [Fact]
    public async Task LargeSubscriptions_AreReadFewAtATime_AndSmallOnesPass()
    {
        // Those that stall are to stay.
        await using var host = await StartAsync(new CallLimits { MinDataRate = 0 });
        using var http = new HttpClient();
        var never = new TaskCompletionSource();
        var stalled = Enumerable.Range(0, 2).Select(_ => http.SendAsync(Subscription(host, never.Task), HttpCompletionOption.ResponseHeadersRead, Patience)).ToList();
        using var small = await WatchAsync(new EvaluationService.EvaluationServiceClient(host.Channel), "c1");
        using var busy = await UntilAsync(async () =>
        {
            var third = await http.SendAsync(Subscription(host, never.Task), HttpCompletionOption.ResponseHeadersRead, Patience);
            return third.Headers.TryGetValues("grpc-status", out _) ? third : throw new RpcException(Grpc.Core.Status.DefaultCancelled);
        });
        Assert.Equal("8", busy.Headers.GetValues("grpc-status").Single());
        Assert.Contains("large subscriptions", Uri.UnescapeDataString(busy.Headers.GetValues("grpc-message").Single()), StringComparison.Ordinal);
        never.SetCanceled(Patience);
        foreach (var one in stalled)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => one);
        }
    }

    [Fact]
    public async Task AMethodThatIsNot_IsUnimplemented_AndReflectionListsEachServiceOnce()
    {
        await using var host = await StartAsync(new CallLimits());
        var method = new Method<EndSessionRequest, EndSessionResponse>(
            MethodType.Unary,
            EvaluationService.Descriptor.FullName,
            "Nothing",
            Marshallers.Create(m => Google.Protobuf.MessageExtensions.ToByteArray(m), EndSessionRequest.Parser.ParseFrom),
            Marshallers.Create(m => Google.Protobuf.MessageExtensions.ToByteArray(m), EndSessionResponse.Parser.ParseFrom));
        Assert.Equal(StatusCode.Unimplemented, (await RefusalAsync(() => host.Channel.CreateCallInvoker().AsyncUnaryCall(method, null, default, new EndSessionRequest()).ResponseAsync)).Code);

        using var call = new ServerReflection.ServerReflectionClient(host.Channel).ServerReflectionInfo(cancellationToken: Patience);
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" }, Patience);
        Assert.True(await call.ResponseStream.MoveNext(Patience));
        Assert.Single(call.ResponseStream.Current.ListServicesResponse.Service, s => s.Name == EvaluationService.Descriptor.FullName);
    }

    private static HttpRequestMessage Subscription(RunningHost host, Task stall) => new(HttpMethod.Post, new Uri($"http://{host.Host.Endpoints.GrpcTcp}/border0.pdsidecar.v1.EvaluationService/WatchSessions"))
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = new StalledContent([0, 0, 32, 0, 0, 1, 2, 3], stall) { Headers = { { "content-type", "application/grpc" } } },
        Headers = { { "te", "trailers" } },
    };

    private async Task<RunningHost> StartAsync(CallLimits limits) => await RunningHost.StartAsync(Patience, with: o => o with { Limits = limits });

    private async Task AllowEverybodyAsync(RunningHost host) => await new PolicyService.PolicyServiceClient(host.Channel).CreatePolicyAsync(
        new CreatePolicyRequest { Policy = new Policy { Name = "everybody", OrgWide = true, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } } }, cancellationToken: Patience);

    private async Task<AsyncServerStreamingCall<WatchSessionsResponse>> WatchAsync(EvaluationService.EvaluationServiceClient client, string connector)
    {
        var call = client.WatchSessions(new WatchSessionsRequest { ConnectorId = connector }, cancellationToken: Patience);
        Assert.True(await call.ResponseStream.MoveNext(Patience));
        return call;
    }

    private async Task<IAsyncStreamReader<WatchSessionsResponse>> SubscribeAsync(EvaluationService.EvaluationServiceClient client, int sessions, int length)
    {
        var request = new WatchSessionsRequest { ConnectorId = "large" };
        request.ActiveSessions.Add(Enumerable.Range(0, sessions).Select(i => new ActiveSession { SessionKey = $"{i:0000}{new string('k', length)}", SocketId = "s", SocketType = "ssh", UserEmail = "alice@example.com" }));
        var call = client.WatchSessions(request, cancellationToken: Patience);
        Assert.True(await call.ResponseStream.MoveNext(Patience));
        return call.ResponseStream;
    }

    private async Task<AsyncDuplexStreamingCall<EvaluateStreamRequest, EvaluateStreamResponse>> StreamAsync(EvaluationService.EvaluationServiceClient client)
    {
        var call = client.EvaluateStream(cancellationToken: Patience);
        await call.RequestStream.WriteAsync(new EvaluateStreamRequest { Requests = { Request("c1", "") } }, Patience);
        Assert.True(await call.ResponseStream.MoveNext(Patience));
        return call;
    }

    private async Task<EvaluateResponse> EvaluateAsync(EvaluationService.EvaluationServiceClient client, string connector, string key)
    {
        var answer = await client.EvaluateAsync(Request(connector, key), cancellationToken: Patience);
        Assert.Equal(Decision.Allow, answer.Decision);
        return answer;
    }

    private static EvaluateRequest Request(string connector, string key) =>
        new() { ConnectorId = connector, SocketId = "s", SocketType = "ssh", UserEmail = "alice@example.com", SessionKey = key };

    private static async Task<(StatusCode Code, string Reason)> RefusalAsync<T>(Func<Task<T>> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        return (refused.StatusCode, refused.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason ?? "");
    }

    /// <summary>Tries until the other end has noticed that there is room again.</summary>
    private async Task<T> UntilAsync<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (RpcException) when (!Patience.IsCancellationRequested)
            {
                await Task.Yield();
            }
        }
    }

    private sealed class StalledContent(byte[] first, Task stall) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(first);
            await stream.FlushAsync();
            await stall;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
