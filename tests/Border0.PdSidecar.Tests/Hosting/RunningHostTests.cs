using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Tests.Hosting;

/// <summary>What the host promises around its services.</summary>
public class RunningHostTests
{
    [Fact]
    public async Task Watch_TakesAsManySessionsAsTheContractAllows_AndRevokesNoneThatIsAllowed()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120), TimeProvider.System);
        await using var host = await RunningHost.StartAsync(patience.Token);
        await CreatePolicyAsync(host, patience.Token);
        var request = new WatchSessionsRequest { ConnectorId = "c1" };
        for (var i = 0; i < 100_000; i++)
        {
            request.ActiveSessions.Add(new ActiveSession
            {
                SessionKey = $"b6f1f1a2-4a37-4bb3-9c1c-{i:000000000000}",
                SocketId = $"socket-{i % 100}",
                SocketType = "ssh",
                UserEmail = $"somebody-{i % 1000}@example.com",
                Groups = { "engineering", "on-call-rotation" },
                SocketTags = { ["environment"] = "production", ["team"] = "payments" },
            });
        }

        // Over a connection without pings, which a busy machine may answer late.
        using var call = new EvaluationService.EvaluationServiceClient(host.Tcp).WatchSessions(request, cancellationToken: patience.Token);

        Assert.True(await call.ResponseStream.MoveNext(patience.Token));
        Assert.Equal(WatchSessionsResponse.EventOneofCase.Heartbeat, call.ResponseStream.Current.EventCase);
        Assert.Equal(0, call.ResponseStream.Current.Revision);
    }

    [Fact]
    public async Task Metrics_CountWhatHappenedBeforeAnybodyLooked()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        await using var host = await RunningHost.StartAsync(patience.Token);
        await CreatePolicyAsync(host, patience.Token);
        var evaluation = new EvaluationService.EvaluationServiceClient(host.Channel);
        await evaluation.EvaluateAsync(
            new EvaluateRequest { ConnectorId = "c1", SocketId = "s", SocketType = "ssh", UserEmail = "alice@example.com", SessionKey = "s1" },
            cancellationToken: patience.Token);
        await evaluation.RevokeSessionAsync(
            new RevokeSessionRequest { ConnectorId = "c1", SessionKey = "s1", Reason = "a test" }, cancellationToken: patience.Token);

        using var http = new HttpClient();
        var page = await http.GetStringAsync(new Uri($"http://{host.Host.Endpoints.Http}/metrics"), patience.Token);

        // Other tests of this process may count here too.
        Assert.Matches(@"(?m)^pdsidecar_revocations_total\{[^}]*Administrator[^}]*\} [1-9]", page);
    }

    private static async Task CreatePolicyAsync(RunningHost host, CancellationToken cancellation) =>
        await new PolicyService.PolicyServiceClient(host.Channel).CreatePolicyAsync(
            new CreatePolicyRequest { Policy = new Policy { Name = "everybody", OrgWide = true, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } } },
            cancellationToken: cancellation);
}
