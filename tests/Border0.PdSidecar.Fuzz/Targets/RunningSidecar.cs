using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Hosting;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>The whole sidecar in this process, with a simulated PagerDuty, an integration and a policy; reached over its Unix socket as an administrator.</summary>
internal sealed class RunningSidecar : IAsyncDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly SimulatorServer _pagerDuty;
    private readonly SidecarHost _host;
    private readonly GrpcChannel _channel;
    private readonly SocketsHttpHandler _handler;

    private RunningSidecar(ScratchFolder folder, SimulatorServer pagerDuty, SidecarHost host)
    {
        (_folder, _pagerDuty, _host) = (folder, pagerDuty, host);
        _handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
                await socket.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(host.Endpoints.GrpcSocket), cancellation);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            },
        };

        // An answer may have many policies, each as large as a request may be.
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = _handler, MaxReceiveMessageSize = null, MaxSendMessageSize = null });
    }

    public CallInvoker Grpc => _channel.CreateCallInvoker();

    public Uri Http => new("http://" + _host.Endpoints.Http);

    public static async Task<RunningSidecar> StartAsync()
    {
        var demo = new DemoAccount(TimeProvider.System);
        demo.Key.LimitPerMinute = 100_000_000;
        var pagerDuty = await SimulatorServer.StartAsync(demo.Account);
        var folder = new ScratchFolder();
        var options = new SidecarOptions
        {
            Data = folder.File("data"),
            GrpcTcp = new ListenAddress("127.0.0.1", 0),
            Http = new ListenAddress("127.0.0.1", 0),
            LogLevel = LogLevel.Critical,
            PagerDutyBaseUrl = pagerDuty.BaseAddress,
            RateShare = 1,
            DecisionLogSize = 1 << 20,
            DecisionLogFiles = 2,
        };
        var host = await SidecarHost.StartAsync(options, TimeProvider.System, CancellationToken.None);
        var sidecar = new RunningSidecar(folder, pagerDuty, host);
        await new IntegrationService.IntegrationServiceClient(sidecar.Grpc).CreateIntegrationAsync(new CreateIntegrationRequest
        {
            Integration = new Integration { Name = "pd", ApiKey = DemoAccount.ReadOnlyKey, WebhookSecrets = { WebhookRoom.Secret } },
        });
        var policy = new Policy { Name = "payments", OrgWide = true, Actions = { ["*"] = new ActionList { Values = { "*" } } } };
        policy.Integrations.Add(new IntegrationCondition { IntegrationName = "pd", PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = demo.Payments.Id, RequireBeOncall = true } });
        await new PolicyService.PolicyServiceClient(sidecar.Grpc).CreatePolicyAsync(new CreatePolicyRequest { Policy = policy });
        return sidecar;
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        _handler.Dispose();
        await _host.DisposeAsync();
        await _pagerDuty.DisposeAsync();
        _folder.Dispose();
    }
}
