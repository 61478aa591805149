using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>PagerDuty does not answer, or has not answered yet.</summary>
public class StalenessTests
{
    private static readonly TimeSpan Bound = World.Settings.SessionMaxStaleness;

    private static World WithIncident()
    {
        var world = new World();
        world.Put(World.Rule("incident", incidentOf: "S1"));
        world.Incidents["S1"].Add("I1");
        world.Publish();
        return world;
    }

    [Fact]
    public async Task ASession_IsRevokedAtTheBound_AndNotBefore()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromMinutes(3));
        var lastKnown = world.Now;

        world.Pass(Bound, TimeSpan.FromMilliseconds(7_919), answering: false);
        Assert.Equal(lastKnown + Bound, world.Now);
        Assert.Empty(await connector.ReadAsync());
        world.Pass(TimeSpan.FromMilliseconds(1), answering: false);

        var revoked = await connector.RevokedOnceAsync();
        Assert.Equal((RevocationCause.FactsStale, InitiatingEntity.System), (revoked.Cause, revoked.InitiatingEntity));
    }

    [Fact]
    public async Task ASessionThatNeedsNoFacts_IsNotTouched()
    {
        using var world = WithIncident();
        world.Put(World.Rule("plain", socket: "db-2"));
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k2", socket: "db-2");
        world.Pass(TimeSpan.FromHours(3), answering: false);

        Assert.Empty(await connector.ReadAsync());
        Assert.True(world.Evaluate("k2", socket: "db-2").Allowed);
    }

    [Fact]
    public async Task AnAnswerJustBeforeTheBound_KeepsTheSession()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(Bound - TimeSpan.FromSeconds(1), answering: false);
        world.Publish();
        world.Pass(TimeSpan.FromMinutes(1), answering: false);

        Assert.Empty(await connector.ReadAsync());
        Assert.True(world.Evaluate("k1").Allowed);
    }

    [Fact]
    public async Task ARefusedKey_CutsAtTheBoundToo()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Facts.Apply(World.Integration, new FactsUpdate { Unauthorized = true });
        world.Pass(Bound, answering: false);
        Assert.Empty(await connector.ReadAsync());
        world.Pass(TimeSpan.FromMilliseconds(1), answering: false);

        Assert.Equal(RevocationCause.FactsStale, (await connector.RevokedOnceAsync()).Cause);
    }

    [Fact]
    public async Task APolicyThatNowNamesAServiceNotKnownYet_HoldsItsSessions_UntilTheFirstAnswer()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromMinutes(14));
        world.Put(World.Rule("incident", incidentOf: "S3"));
        world.Pass(TimeSpan.FromMinutes(5));
        Assert.Empty(await connector.ReadAsync());
        Assert.False(world.Evaluate("k2").Allowed);

        (world.Incidents["S3"], world.Shifts["S3"]) = (["I3"], []);
        world.Publish();
        world.Pass(TimeSpan.FromMinutes(20));
        Assert.Empty(await connector.ReadAsync());
        world.Incidents["S3"].Clear();
        world.Publish();
        Assert.Equal(RevocationCause.IncidentResolved, (await connector.RevokedOnceAsync()).Cause);
    }

    [Fact]
    public async Task ThatHold_EndsAtTheBound_HoweverOftenTheConnectorAsks()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Put(World.Rule("incident", incidentOf: "S3"));
        for (var minute = 0; minute < 15; minute++)
        {
            Assert.Empty(await connector.RevokedAsync([new("k1", World.Request(), null)]));
            Assert.True(world.Evaluate("k1").Allowed);
            world.Pass(TimeSpan.FromMinutes(1));
        }

        world.Pass(TimeSpan.FromMilliseconds(1));
        Assert.Equal(RevocationCause.FactsStale, (await connector.RevokedOnceAsync()).Cause);
    }

    [Fact]
    public async Task AnotherPolicyThatIsNotKnownYet_HoldsNobodyItNeverAllowed()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Put(World.Rule("new", incidentOf: "S3"));
        world.Incidents["S1"].Clear();
        world.Publish();

        Assert.Equal((RevocationCause.IncidentResolved, "incident"), await connector.RevokedOnceAsync() is var r ? (r.Cause, r.PolicyName) : default);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(180)]
    public async Task AfterARestart_SessionsAreHeld_WhileNothingIsKnown_AtMostToTheBound(int minutesOpen)
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromMinutes(minutesOpen));
        var lastKnown = world.Now;
        await world.RestartAsync(keepFacts: false);

        Assert.False(world.Evaluate("k2").Allowed);
        world.Pass(TimeSpan.FromMinutes(8), answering: false);
        Assert.Empty(await connector.ReadAsync());
        world.Pass(lastKnown + Bound - world.Now + TimeSpan.FromMilliseconds(1), answering: false);
        Assert.Equal(RevocationCause.FactsStale, (await connector.RevokedOnceAsync()).Cause);
    }

    [Fact]
    public async Task AfterARestart_TheFirstAnswerDecides()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        await world.RestartAsync(keepFacts: false);
        world.Pass(TimeSpan.FromSeconds(30), answering: false);
        world.Publish();
        world.Pass(TimeSpan.FromMinutes(40));
        Assert.Empty(await connector.ReadAsync());

        await world.RestartAsync(keepFacts: false);
        world.Incidents["S1"].Clear();
        world.Publish();
        Assert.Equal(RevocationCause.IncidentResolved, (await connector.RevokedOnceAsync()).Cause);
    }

    [Fact]
    public async Task Restarts_DoNotProlongTheHold()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        for (var restart = 0; restart < 15; restart++)
        {
            Assert.Empty(await connector.ReadAsync());
            await world.RestartAsync(keepFacts: false);
            world.Pass(TimeSpan.FromMinutes(1), answering: false);
        }

        world.Pass(TimeSpan.FromMilliseconds(1), answering: false);
        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
    }
}
