using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>kill -9 and what must have survived it.</summary>
public class RestartTests
{
    [Fact]
    public async Task Kill_LosesNothingThatWasAcknowledged()
    {
        using var folder = new TemporaryFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        string etag;
        await using (var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress))
        {
            await pagerDuty.ConnectAsync(sidecar);
            for (var i = 0; i < 20; i++)
            {
                await sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = StoryTests.Open($"policy-{i}") });
            }

            etag = (await sidecar.Policies.AttachPolicyAsync(
                new AttachPolicyRequest { Name = "policy-7", SocketIds = { "db-1" } })).Policy.Etag;
            await sidecar.KillAsync();
        }

        await using var again = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
        Assert.Equal(20, (await again.Policies.ListPoliciesAsync(new ListPoliciesRequest())).Policies.Count);
        var attached = (await again.Policies.GetPolicyAsync(new GetPolicyRequest { Name = "policy-7" })).Policy;
        Assert.Equal((etag, "db-1"), (attached.Etag, Assert.Single(attached.SocketIds)));
        var synced = await again.Integrations.SyncIntegrationAsync(new SyncIntegrationRequest { Name = SimulatedPagerDuty.IntegrationName });
        Assert.Equal(IntegrationState.Ok, synced.Integration.Status.State);
    }

    [Fact]
    public async Task Kill_OwesTheRevocationOfASessionOpenedBefore()
    {
        using var folder = new TemporaryFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        string token;
        var incident = pagerDuty.Trigger("Payments are failing");
        await using (var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress))
        {
            await pagerDuty.ConnectAsync(sidecar);
            await StoryTests.CreatePolicyAsync(
                sidecar, new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireIncident = true });
            await using var watch = await Watching.StartAsync(sidecar.Evaluation, new WatchSessionsRequest { ConnectorId = "c1" });
            Assert.Equal(Decision.Allow, (await StoryTests.EvaluateAsync(sidecar, "s1")).Decision);

            // A second later the session is on disk: the window of the journal is far shorter. The first heartbeat may have been under way.
            var before = watch.Messages;
            token = await Eventually.SeesAsync(() => watch.Messages > before + 1 ? watch.LastToken : null, "two heartbeats");
            await sidecar.KillAsync();
        }

        pagerDuty.Resolve(incident);
        await using var again = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
        await using var resumed = await Watching.StartAsync(
            again.Evaluation, new WatchSessionsRequest { ConnectorId = "c1", ResumeToken = token });

        var owed = (await resumed.NextAsync()).SessionRevoked;
        Assert.Equal("s1", owed.SessionKey);
        Assert.Empty(resumed.Waiting());
    }

    [Fact]
    public async Task Watch_WithATokenOfAnotherSidecar_MustResync_AndAdoptsWhatTheConnectorHolds()
    {
        using var folder = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        string foreign;
        await using (var other = await Sidecar.StartAsync(elsewhere))
        {
            await using var watch = await Watching.StartAsync(other.Evaluation, new WatchSessionsRequest { ConnectorId = "c1" });
            foreign = watch.LastToken;
        }

        await using var sidecar = await Sidecar.StartAsync(folder);
        await using var refused = await Watching.StartAsync(
            sidecar.Evaluation, new WatchSessionsRequest { ConnectorId = "c1", ResumeToken = foreign });
        Assert.Equal(WatchSessionsResponse.EventOneofCase.ResyncRequired, refused.First.EventCase);

        await using var adopted = await Watching.StartAsync(sidecar.Evaluation, new WatchSessionsRequest
        {
            ConnectorId = "c1",
            ActiveSessions =
            {
                new ActiveSession { SessionKey = "s1", SocketId = "bastion", SocketType = "ssh", UserEmail = "alice@example.com" },
            },
        });
        var revoked = (await adopted.NextAsync()).SessionRevoked;
        Assert.Equal(("s1", RevocationCause.NotAllowedOnAdoption), (revoked.SessionKey, revoked.Cause));
    }

    [Fact]
    public async Task Watch_WithGarbageForAToken_IsRefused()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder);
        using var call = sidecar.Evaluation.WatchSessions(new WatchSessionsRequest { ConnectorId = "c1", ResumeToken = "garbage" });

        var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default));

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
    }
}
