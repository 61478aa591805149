using Border0.PdSidecar.Access;
using Border0.PdSidecar.Tests.Hosting;
using Border0.PdSidecar.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;

namespace Border0.PdSidecar.Tests.Access;

/// <summary>The one table: complete, and asked for every method.</summary>
public class MethodRolesTests
{
    private static readonly ServiceDescriptor[] Served =
        [IntegrationService.Descriptor, PolicyService.Descriptor, EvaluationService.Descriptor, ActivityService.Descriptor, Health.Descriptor, ServerReflection.Descriptor];

    [Fact]
    public void EveryMethodOfEveryService_HasAnEntry()
    {
        var methods = Served.SelectMany(s => s.Methods.Select(m => $"/{s.FullName}/{m.Name}")).ToList();

        Assert.Equal(methods.Order(StringComparer.Ordinal), MethodRoles.Methods.Where(m => !m.StartsWith("/grpc.reflection.v1.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AMethodWithoutAnEntry_IsClosed() => Assert.Same(MethodRule.Closed, MethodRoles.Of("/border0.pdsidecar.v1.PolicyService/New"));

    [Theory]
    [InlineData("IntegrationService", "CreateIntegration UpdateIntegration DeleteIntegration CheckIntegration SyncIntegration", "admin")]
    [InlineData("IntegrationService", "GetIntegration ListIntegrations ListPagerDutyServices", "admin or viewer")]
    [InlineData("PolicyService", "CreatePolicy UpdatePolicy DeletePolicy AttachPolicy DetachPolicy", "admin")]
    [InlineData("PolicyService", "GetPolicy ListPolicies TestPolicy ListEligibleUsers", "admin or viewer")]
    [InlineData("EvaluationService", "Evaluate EvaluateStream WatchSessions EndSession", "connector")]
    [InlineData("EvaluationService", "RevokeSession", "admin")]
    [InlineData("EvaluationService", "ListSessions", "admin or viewer")]
    [InlineData("ActivityService", "WatchActivity", "admin or viewer")]
    public void Methods_NeedTheirRoles(string service, string methods, string roles) =>
        Assert.All(methods.Split(' '), m => Assert.Equal(roles, RoleNames.Said(MethodRoles.Of($"/border0.pdsidecar.v1.{service}/{m}").AnyOf, "or")));

    [Fact]
    public async Task Loopback_MayAskAndLook_AndNothingElse()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        await using var host = await RunningHost.StartAsync(patience.Token);
        var integrations = new IntegrationService.IntegrationServiceClient(host.Tcp);
        var evaluation = new EvaluationService.EvaluationServiceClient(host.Tcp);

        var refused = await Assert.ThrowsAsync<RpcException>(async () =>
            await integrations.CreateIntegrationAsync(new CreateIntegrationRequest { Integration = new Integration { Name = "pd", ApiKey = "0123456789abcdef" } }));

        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        Assert.Equal(
            "CreateIntegration needs role admin; a caller without credentials on loopback has connector and viewer. Call over the Unix socket as the user that "
            + "the sidecar runs as, or with a token: pdsidecar token create --role admin --name NAME, sent as the header \"authorization: Bearer TOKEN\"",
            refused.Status.Detail);
        var info = refused.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!;
        Assert.Equal(("ROLE_REQUIRED", "admin"), (info.Reason, info.Metadata["roles"]));
        Assert.Empty((await integrations.ListIntegrationsAsync(new ListIntegrationsRequest())).Integrations);
        Assert.Equal(V1.Decision.Deny, (await evaluation.EvaluateAsync(new EvaluateRequest { ConnectorId = "any", SocketId = "s", SocketType = "ssh", UserEmail = "a@example.com" })).Decision);
        Assert.Equal(
            StatusCode.PermissionDenied,
            (await Assert.ThrowsAsync<RpcException>(async () => await evaluation.RevokeSessionAsync(new RevokeSessionRequest { SessionKey = "s", Reason = "r" }))).StatusCode);
    }

    [Theory]
    [InlineData("Bearer nothing")]
    [InlineData("Basic YTpi")]
    [InlineData("")]
    public async Task AWrongCredential_NeverFallsBackToNone(string authorization)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        await using var host = await RunningHost.StartAsync(patience.Token);

        foreach (var channel in (Grpc.Net.Client.GrpcChannel[])[host.Tcp, host.Channel])
        {
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await new EvaluationService.EvaluationServiceClient(channel).ListSessionsAsync(
                new ListSessionsRequest(), new Metadata { { "authorization", authorization } }));
            Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        }
    }
}
