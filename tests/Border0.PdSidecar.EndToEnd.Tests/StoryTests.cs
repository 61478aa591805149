using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>The main job, from outside: let in because an incident is open, thrown out because it was resolved.</summary>
public class StoryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Incident_OpensAndClosesTheDoor(bool unixSocket)
    {
        using var folder = new TemporaryFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
        if (unixSocket)
        {
            sidecar.UseUnixSocket();
        }

        await pagerDuty.ConnectAsync(sidecar);
        await CreatePolicyAsync(sidecar, new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireIncident = true });
        await using var watch = await Watching.StartAsync(sidecar.Evaluation, new WatchSessionsRequest { ConnectorId = "c1" });
        Assert.Equal(WatchSessionsResponse.EventOneofCase.Heartbeat, watch.First.EventCase);

        var before = await EvaluateAsync(sidecar, "s1");
        Assert.Equal(Decision.Deny, before.Decision);
        Assert.Equal(ReasonCode.NoIncident, Assert.Single(before.Reasons).Code);

        var incident = pagerDuty.Trigger("Payments are failing");
        var during = await Eventually.SeesAsync(
            async () => await EvaluateAsync(sidecar, "s1") is { Decision: Decision.Allow } allowed ? allowed : null, "an allow");
        Assert.Equal("s1", during.SessionKey);
        Assert.Equal(["*"], during.AllowedActions["ssh"].Values);
        Assert.Contains("s1", (await sidecar.Evaluation.ListSessionsAsync(new ListSessionsRequest())).Sessions.Select(s => s.SessionKey));

        pagerDuty.Resolve(incident);
        var revoked = (await watch.NextAsync()).SessionRevoked;
        Assert.Equal("s1", revoked.SessionKey);
        Assert.Equal(RevocationCause.IncidentResolved, revoked.Cause);
        Assert.Equal("responders", revoked.PolicyName);
        Assert.NotEmpty(revoked.ReasonAdmin);
        Assert.NotEmpty(revoked.ReasonUser);
        Assert.Equal(Decision.Deny, (await EvaluateAsync(sidecar, "s2")).Decision);
        Assert.Empty((await sidecar.Evaluation.ListSessionsAsync(new ListSessionsRequest())).Sessions);
    }

    [Fact]
    public async Task HandOver_CutsTheOneAndLetsTheOtherIn()
    {
        using var folder = new TemporaryFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
        await pagerDuty.ConnectAsync(sidecar);
        await CreatePolicyAsync(sidecar, new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireBeOncall = true });
        await using var watch = await Watching.StartAsync(sidecar.Evaluation, new WatchSessionsRequest { ConnectorId = "c1" });

        EvaluateResponse alice, bob;
        DateTimeOffset handOver;
        var seconds = 5;
        do
        {
            // On a machine so busy that the shift was over before both had asked, the next one lasts longer.
            seconds *= 2;
            handOver = DateTimeOffset.UtcNow.AddSeconds(seconds);
            pagerDuty.HandOver("alice@example.com", "bob@example.com", handOver);
            await sidecar.Integrations.SyncIntegrationAsync(new SyncIntegrationRequest { Name = SimulatedPagerDuty.IntegrationName });
            alice = await EvaluateAsync(sidecar, $"a{seconds}", "Alice@Example.com");
            bob = await EvaluateAsync(sidecar, "b1", "bob@example.com");
        }
        while (DateTimeOffset.UtcNow >= handOver);

        Assert.Equal((Decision.Allow, Decision.Deny), (alice.Decision, bob.Decision));
        Assert.Equal(handOver.ToUnixTimeSeconds(), alice.ValidUntil.Seconds);
        var revoked = (await NextRevokedAsync(watch, $"a{seconds}")).SessionRevoked;
        Assert.Equal(RevocationCause.ShiftEnded, revoked.Cause);
        Assert.Equal(handOver.ToUnixTimeSeconds(), revoked.EventTime.Seconds);
        Assert.True(revoked.DecisionTime.ToDateTimeOffset() >= revoked.EventTime.ToDateTimeOffset(), "revoked before the end");

        Assert.Equal(Decision.Allow, (await EvaluateAsync(sidecar, "b1", "bob@example.com")).Decision);
        var denied = await EvaluateAsync(sidecar, "a2", "alice@example.com");
        Assert.Equal(Decision.Deny, denied.Decision);
        Assert.Contains("bob@example.com", Assert.Single(denied.Reasons).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PolicyDeletion_EndsItsSessions()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder);
        await sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = Open("everybody") });
        await using var watch = await Watching.StartAsync(sidecar.Evaluation, new WatchSessionsRequest { ConnectorId = "c1" });
        Assert.Equal(Decision.Allow, (await EvaluateAsync(sidecar, "s1")).Decision);

        await sidecar.Policies.DeletePolicyAsync(new DeletePolicyRequest { Name = "everybody" });

        var revoked = (await watch.NextAsync()).SessionRevoked;
        Assert.Equal(("s1", RevocationCause.PolicyChanged), (revoked.SessionKey, revoked.Cause));
    }

    [Fact]
    public async Task Administrator_EndsASession_ForGood()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder);
        await sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = Open("everybody") });
        await using var watch = await Watching.StartAsync(sidecar.Evaluation, new WatchSessionsRequest { ConnectorId = "c1" });
        await EvaluateAsync(sidecar, "s1");

        await sidecar.Sessions.RevokeSessionAsync(
            new RevokeSessionRequest { ConnectorId = "c1", SessionKey = "s1", Reason = "left the company" });

        var revoked = (await watch.NextAsync()).SessionRevoked;
        Assert.Equal(RevocationCause.Administrator, revoked.Cause);
        Assert.Contains("left the company", revoked.ReasonAdmin, StringComparison.Ordinal);
        var again = await EvaluateAsync(sidecar, "s1");
        Assert.Equal((Decision.Deny, ReasonCode.SessionRevoked), (again.Decision, again.Reasons[0].Code));
        Assert.Equal(Decision.Allow, (await EvaluateAsync(sidecar, "s2")).Decision);
    }

    internal static Policy Open(string name) => new()
    {
        Name = name,
        OrgWide = true,
        Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
    };

    internal static async Task CreatePolicyAsync(Sidecar sidecar, PagerDutyOnCallCondition condition)
    {
        var policy = Open("responders");
        policy.Integrations.Add(new IntegrationCondition { IntegrationName = SimulatedPagerDuty.IntegrationName, PagerdutyOncall = condition });
        await sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = policy });
    }

    internal static async Task<EvaluateResponse> EvaluateAsync(Sidecar sidecar, string sessionKey, string user = "alice@example.com") =>
        await sidecar.Evaluation.EvaluateAsync(new EvaluateRequest
        {
            ConnectorId = "c1",
            SocketId = "bastion",
            SocketType = "ssh",
            UserEmail = user,
            ClientIp = "192.0.2.10:51000",
            SessionKey = sessionKey,
        });

    private static async Task<WatchSessionsResponse> NextRevokedAsync(Watching watch, string sessionKey)
    {
        while (true)
        {
            var message = await watch.NextAsync();
            if (message.SessionRevoked?.SessionKey == sessionKey)
            {
                return message;
            }
        }
    }
}
