using System.Net;
using System.Net.Sockets;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Load.Servers;

/// <summary>`pdsidecar serve` as a process, over a PagerDuty account in this process.</summary>
internal sealed class SidecarServer : Server
{
    private readonly TemporaryFolder _folder;
    private readonly Uri _metrics;
    private bool _keepFolder;

    private SidecarServer(TemporaryFolder folder, Sidecar process, PagerDutyAccountForLoad pagerDuty)
    {
        (_folder, Process, PagerDuty) = (folder, process, pagerDuty);
        _metrics = new Uri(process.Http, "/metrics");
        Tcp = IPEndPoint.Parse(process.GrpcTcp);
        Unix = new UnixDomainSocketEndPoint(process.GrpcSocket);
    }

    public Sidecar Process { get; }

    public PagerDutyAccountForLoad PagerDuty { get; }

    public override string Name => Sidecar;

    public override int ProcessId => Process.Run.Id;

    public override EndPoint Tcp { get; }

    public override EndPoint Unix { get; }

    protected override Uri Metrics => _metrics;

    /// <summary>Starts it with an integration, and with a policy on socket bastion-1 that needs the user on call and an open incident.</summary>
    /// <param name="pagerDuty">The account.</param>
    /// <param name="more">Further arguments of serve.</param>
    public static async Task<SidecarServer> StartAsync(PagerDutyAccountForLoad pagerDuty, params string[] more)
    {
        var folder = new TemporaryFolder();
        var server = new SidecarServer(folder, await Testing.Sidecar.StartAsync(folder, pagerDuty.BaseAddress, environment: null, more), pagerDuty);
        await server.IntegrateAsync();
        await server.AttachAsync("payments-ssh", pagerDuty.Payments.Id, "bastion-1");
        await server.SyncAsync();
        return server;
    }

    /// <summary>Starts it with an integration and with many policies.</summary>
    public static async Task<SidecarServer> StartAsync(PagerDutyAccountForLoad pagerDuty, IEnumerable<Policy> policies)
    {
        var folder = new TemporaryFolder();
        await using (var first = new SidecarServer(folder, await Testing.Sidecar.StartAsync(folder, pagerDuty.BaseAddress), pagerDuty) { _keepFolder = true })
        {
            await first.IntegrateAsync();
            first.Process.Run.Terminate();
            await first.Process.Run.ExitAsync(TimeSpan.FromSeconds(20));
        }

        PolicySeed.Write(folder.Path("data"), policies);
        return new SidecarServer(folder, await Testing.Sidecar.StartAsync(folder, pagerDuty.BaseAddress), pagerDuty);
    }

    /// <summary>Creates a policy on a socket that needs the user on call for a service, and an open incident of it.</summary>
    public async Task AttachAsync(string policy, string service, string socket) => await Process.Policies.CreatePolicyAsync(new CreatePolicyRequest
    {
        Policy = PolicyOf(policy, service, socket),
    });

    public static Policy PolicyOf(string policy, string service, string socket) => new()
    {
        Name = policy,
        SocketIds = { socket },
        Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
        Integrations =
        {
            new IntegrationCondition
            {
                IntegrationName = PagerDutyAccountForLoad.IntegrationName,
                PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = service, RequireBeOncall = true, RequireIncident = true },
            },
        },
    };

    /// <summary>Returns once the sidecar knows what PagerDuty knows now.</summary>
    public async Task SyncAsync() =>
        await Process.Integrations.SyncIntegrationAsync(new SyncIntegrationRequest { Name = PagerDutyAccountForLoad.IntegrationName });

    /// <summary>Waits until a socket lets the user in.</summary>
    public async Task AllowsAsync(string socket, TimeSpan? atMost = null) => await Eventually.SeesAsync(
        async () => await Process.Evaluation.EvaluateAsync(Requests.Of(socket)) is { Decision: Decision.Allow } allowed ? allowed : null, $"an allow on {socket}", atMost);

    public override async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        if (!_keepFolder)
        {
            _folder.Dispose();
        }
    }

    private async Task IntegrateAsync() => await Process.Integrations.CreateIntegrationAsync(new CreateIntegrationRequest
    {
        Integration = new Integration
        {
            Name = PagerDutyAccountForLoad.IntegrationName,
            ApiKey = PagerDutyAccountForLoad.ApiKey,
            WebhookSecrets = { PagerDutyAccountForLoad.WebhookSecret },
        },
    });
}
