using System.Net;
using Border0.PdSidecar.Client;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Hosting;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Storage.Tokens;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Demo;

/// <summary>Everything that the demo runs, on free loopback ports and in a directory that is gone afterwards.</summary>
internal sealed class DemoStage : IAsyncDisposable
{
    public const string Integration = "acme-pagerduty";
    public const string IncidentPolicy = "payments-incident";
    public const string OnCallPolicy = "payments-on-call";
    public const string Database = "payments-db";
    public const string Bastion = "payments-bastion";
    private const string WebhookSecret = "demo webhook secret";

    private readonly DirectoryInfo _folder;
    private readonly SidecarConnection _administration;
    private readonly EchoServer _echo;

    private DemoStage(DirectoryInfo folder, SimulatorServer pagerDuty, DemoAccount account, SidecarHost sidecar, string adminToken)
    {
        (_folder, PagerDuty, Account, Sidecar, AdminToken) = (folder, pagerDuty, account, sidecar, adminToken);
        _administration = SidecarConnection.ToUnixSocket(sidecar.Endpoints.GrpcSocket);
        _echo = new EchoServer();
        Connector = new DemoConnector(sidecar.Endpoints.GrpcSocket, _echo);
        DatabaseAt = Connector.Listen(Database, "database");
        BastionAt = Connector.Listen(Bastion, "ssh");
    }

    public SimulatorServer PagerDuty { get; }

    public DemoAccount Account { get; }

    public SidecarHost Sidecar { get; }

    /// <summary>What a stranger administers with over loopback, where nobody is an administrator without.</summary>
    public string AdminToken { get; }

    public DemoConnector Connector { get; }

    public IPEndPoint DatabaseAt { get; }

    public IPEndPoint BastionAt { get; }

    public static async Task<DemoStage> SetAsync(TimeProvider time, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("pdsidecar-demo-");
        var account = new DemoAccount(time);
        var pagerDuty = await SimulatorServer.StartAsync(account.Account, cancellation: cancellation);
        var data = Path.Combine(folder.FullName, "data");
        var admin = await new TokenFile(data, time).CreateAsync("demo-admin", "admin", null, time.GetUtcNow().AddDays(1), Environment.UserName, cancellation)
            ?? throw new DemoFailedException("the demo's directory has a token already");
        var sidecar = await SidecarHost.StartAsync(
            new SidecarOptions
            {
                Data = data,
                GrpcTcp = new ListenAddress("127.0.0.1", 0),
                Http = new ListenAddress("127.0.0.1", 0),
                PagerDutyBaseUrl = pagerDuty.BaseAddress,
                LogLevel = LogLevel.Error,
            },
            time,
            cancellation);
        return new DemoStage(folder, pagerDuty, account, sidecar, admin.Text);
    }

    /// <summary>Does over gRPC what an administrator would: an integration, and two policies.</summary>
    public async Task AdministerAsync(CancellationToken cancellation)
    {
        await new IntegrationService.IntegrationServiceClient(_administration.Channel).CreateIntegrationAsync(
            new CreateIntegrationRequest
            {
                Integration = new Integration
                {
                    Name = Integration,
                    Description = "The demo's PagerDuty account",
                    ApiKey = DemoAccount.ReadOnlyKey,
                    WebhookSecrets = { WebhookSecret },
                },
            },
            cancellationToken: cancellation);
        Account.Account.Subscribe(new Uri($"http://{Sidecar.Endpoints.Http}/webhooks/pagerduty/v3/{Integration}"), WebhookSecret);
        var policies = new PolicyService.PolicyServiceClient(_administration.Channel);
        await policies.CreatePolicyAsync(
            Policy(IncidentPolicy, "database", Database, new PagerDutyOnCallCondition { ServiceId = Account.Payments.Id, RequireIncident = true }),
            cancellationToken: cancellation);
        await policies.CreatePolicyAsync(
            Policy(OnCallPolicy, "ssh", Bastion, new PagerDutyOnCallCondition { ServiceId = Account.Payments.Id, RequireBeOncall = true, MaxEscalationLevel = 1 }),
            cancellationToken: cancellation);
        await Connector.WhenReadyAsync(cancellation);
    }

    /// <summary>Edits the schedule, and has the sidecar look at it now rather than at its next poll.</summary>
    public async Task HandOverAtAsync(DateTimeOffset handOver, CancellationToken cancellation)
    {
        var account = Account.Account;
        account.ClearSchedule(Account.Schedule);
        account.PutOnCall(Account.Schedule, Account.Alice, handOver.AddHours(-8), handOver);
        account.PutOnCall(Account.Schedule, Account.Bob, handOver, handOver.AddHours(12));
        await new IntegrationService.IntegrationServiceClient(_administration.Channel).SyncIntegrationAsync(
            new SyncIntegrationRequest { Name = Integration }, cancellationToken: cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await Connector.DisposeAsync();
        await _echo.DisposeAsync();
        _administration.Dispose();
        await Sidecar.DisposeAsync();
        await PagerDuty.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static CreatePolicyRequest Policy(string name, string socketType, string socket, PagerDutyOnCallCondition condition) => new()
    {
        Policy = new Policy
        {
            Name = name,
            SocketIds = { socket },
            Actions = { [socketType] = new ActionList { Values = { "*" } } },
            Integrations = { new IntegrationCondition { IntegrationName = Integration, PagerdutyOncall = condition } },
        },
    };
}
