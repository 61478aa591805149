using Border0.PdSidecar.Tests.Hosting;
using Border0.PdSidecar.V1;
using Grpc.Core;
using Decision = Border0.PdSidecar.V1.Decision;

namespace Border0.PdSidecar.Tests.ActivityFeed;

/// <summary>WatchActivity over a channel, against the whole sidecar.</summary>
public sealed class WatchActivityTests : IDisposable
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(120), TimeProvider.System);

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task WhatHappens_IsShown_AndNoSecretOfIt()
    {
        const string key = "a-key-that-nobody-sees-again";
        await using var host = await RunningHost.StartAsync(_patience.Token);
        var policies = new PolicyService.PolicyServiceClient(host.Channel);
        var evaluation = new EvaluationService.EvaluationServiceClient(host.Channel);
        using var call = new ActivityService.ActivityServiceClient(host.Tcp).WatchActivity(new WatchActivityRequest(), cancellationToken: _patience.Token);
        Assert.NotNull((await NextAsync(call)).Heartbeat);

        await new IntegrationService.IntegrationServiceClient(host.Channel).CreateIntegrationAsync(new CreateIntegrationRequest { Integration = new Integration { Name = "pd", ApiKey = key } });
        await policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = new Policy { Name = "all", OrgWide = true, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } } });
        await evaluation.EvaluateAsync(new EvaluateRequest { ConnectorId = "c1", SocketId = "bastion", SocketType = "ssh", UserEmail = "alice@example.com", SessionKey = "s1", ClientIp = "192.0.2.7" });
        await policies.DeletePolicyAsync(new DeletePolicyRequest { Name = "all" });
        await evaluation.EvaluateAsync(new EvaluateRequest { ConnectorId = "c1", SocketId = "bastion", SocketType = "ssh", UserEmail = "alice@example.com" });

        WatchActivityResponse[] shown = [await NextAsync(call), await NextAsync(call), await NextAsync(call), await NextAsync(call), await NextAsync(call), await NextAsync(call)];
        Assert.DoesNotContain(key, string.Join('\n', shown.Select(s => s.ToString())), StringComparison.Ordinal);
        Assert.Equal(("create", "integration", "pd", "unix"), shown[0].Change is { } made ? (made.Action, made.Type, made.Name, made.Actor) : default);
        Assert.Equal(("create", "policy", "all"), shown[1].Change is { } created ? (created.Action, created.Type, created.Name) : default);
        Assert.Equal((Decision.Allow, "s1", "192.0.2.7"), shown[2].Decision is { } allowed ? (allowed.Decision, allowed.SessionKey, allowed.ClientIp) : default);
        Assert.Equal("all", Assert.Single(shown[2].Decision.Reasons).PolicyName);

        // Which of the two is told first is left open: both are told before DeletePolicy is answered.
        Assert.Equal("delete", shown[3..5].Single(s => s.Change is not null).Change.Action);
        Assert.Equal(("s1", RevocationCause.PolicyChanged), shown[3..5].Single(s => s.Revocation is not null).Revocation.SessionRevoked is { } r ? (r.SessionKey, r.Cause) : default);
        Assert.Equal(Decision.Deny, shown[5].Decision.Decision);
    }

    [Fact]
    public async Task ABadFilter_NamesEveryFieldAtOnce()
    {
        await using var host = await RunningHost.StartAsync(_patience.Token);
        using var call = new ActivityService.ActivityServiceClient(host.Tcp).WatchActivity(
            new WatchActivityRequest { Kinds = { (ActivityKind)9 }, Decision = (Decision)7, User = new string('u', 321), SocketId = "a\nb", PolicyName = new string('p', 64), OrganizationId = "-" },
            cancellationToken: _patience.Token);

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(_patience.Token));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(
            ["decision", "kinds", "organization_id", "policy_name", "socket_id", "user"],
            error.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Select(v => v.Field).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ATokenThatIsRevoked_SeesNothingMore()
    {
        var token = "";
        await using var host = await RunningHost.StartAsync(
            _patience.Token, tokens: async file => token = (await file.CreateAsync("looker", "viewer", null, null, "test", _patience.Token))!.Value.Text);
        using var call = new ActivityService.ActivityServiceClient(host.Tcp).WatchActivity(
            new WatchActivityRequest(), new Metadata { { "authorization", $"Bearer {token}" } }, cancellationToken: _patience.Token);
        Assert.NotNull((await NextAsync(call)).Heartbeat);

        await host.Tokens.RevokeAsync("looker", "test", _patience.Token);

        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(_patience.Token))
            {
                Assert.Null(call.ResponseStream.Current.Decision);
            }
        });

        // A message that was just being written is cut off with the call, which the client sees as cancelled.
        Assert.Contains(error.StatusCode, (StatusCode[])[StatusCode.Unauthenticated, StatusCode.Cancelled]);
    }

    private static async Task<WatchActivityResponse> NextAsync(AsyncServerStreamingCall<WatchActivityResponse> call)
    {
        do
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        }
        while (call.ResponseStream.Current.Heartbeat is not null && call.ResponseStream.Current.Missed > 0);
        return call.ResponseStream.Current;
    }
}
