using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>What a connector says it holds, and what becomes of it.</summary>
public class AdoptionTests
{
    private static World WithIncident(ISessionJournal? journal = null)
    {
        var world = new World(journal: journal);
        world.Put(World.Rule("incident", incidentOf: "S1"));
        world.Incidents["S1"].Add("I1");
        world.Publish();
        return world;
    }

    private static AdoptedSession Held(string key, string user = World.Alice, DateTimeOffset? opened = null) => new(key, World.Request(user), opened);

    private static void Resolve(World world)
    {
        world.Incidents["S1"].Clear();
        world.Publish();
    }

    [Fact]
    public async Task UnknownAndAllowed_IsAdopted_AndLookedAfterFromThenOn()
    {
        using var world = WithIncident();
        var connector = new Connector(world);
        var opened = World.Start.AddHours(-3);

        Assert.Empty(await connector.ReadAsync([Held("k1", opened: opened)]));

        Assert.Equal(opened, world.Listed("k1").OpenTime.ToDateTimeOffset());
        Assert.True(world.Evaluate("k1").Allowed);
        Resolve(world);
        Assert.Equal(RevocationCause.IncidentResolved, (await connector.RevokedOnceAsync()).Cause);
    }

    [Fact]
    public void AnOpeningInTheFuture_CountsAsNow()
    {
        using var world = WithIncident();
        using var watch = world.Sessions.Watch(
            World.Organization, World.Connector, "", [Held("k1", opened: World.Start.AddDays(1))], TimeSpan.FromSeconds(1), _ => []);

        Assert.Equal(world.Now, world.Listed("k1").OpenTime.ToDateTimeOffset());
    }

    [Fact]
    public async Task UnknownAndNotAllowed_IsRevoked()
    {
        using var world = WithIncident();
        Resolve(world);
        var connector = new Connector(world);

        var revoked = Assert.Single(await connector.RevokedAsync([Held("k1")]));

        Assert.Equal(("k1", RevocationCause.NotAllowedOnAdoption, World.Alice), (revoked.SessionKey, revoked.Cause, revoked.UserEmail));
        Assert.Equal(0, world.Sessions.Count);
        Assert.Empty(await connector.ReadAsync());
    }

    [Fact]
    public async Task WithAToken_UnknownOnesAreAdoptedToo()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);

        Assert.Empty(await connector.ReadAsync([Held("k1")]));
        Assert.Equal(["k1"], world.OpenKeys());
    }

    [Fact]
    public async Task EndedForGood_StaysEnded()
    {
        using var world = WithIncident();
        world.Open("k1");
        world.Sessions.Revoke(World.Organization, "", "k1", "out");
        var connector = new Connector(world);

        var revoked = Assert.Single(await connector.RevokedAsync([Held("k1")]));

        Assert.Equal(RevocationCause.NotAllowedOnAdoption, revoked.Cause);
        Assert.Equal(0, world.Sessions.Count);
        Assert.Equal(ReasonCode.SessionRevoked, world.Evaluate("k1").DeniedBy?.Code);
    }

    [Fact]
    public async Task AKeyOfAnotherUser_IsRevokedForThisOne_AndTheOthersSessionStays()
    {
        using var world = WithIncident();
        world.Open("k1", World.Bob, "c2");
        var connector = new Connector(world);
        var other = await Connector.SubscribedAsync(world, "c2");

        var revoked = Assert.Single(await connector.RevokedAsync([Held("k1")]));

        Assert.Equal((World.Alice, RevocationCause.NotAllowedOnAdoption), (revoked.UserEmail, revoked.Cause));
        Assert.Equal((World.Bob, "c2"), (world.Listed("k1").UserEmail, world.Listed("k1").ConnectorId));
        Assert.Empty(await other.ReadAsync());
    }

    [Fact]
    public async Task OnesThatAreKnown_AreLookedAtAgain_AndKeepTheirOpening()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromSeconds(20));

        Assert.Empty(await connector.ReadAsync([Held("k1", opened: World.Start.AddDays(-1))]));

        Assert.Equal(World.Start, world.Listed("k1").OpenTime.ToDateTimeOffset());
        Assert.Equal(world.Now, world.Listed("k1").LastSeenTime.ToDateTimeOffset());
    }

    [Fact]
    public async Task AbsentFromACompleteList_IsOver_ButForTheLastFiveSeconds()
    {
        using var world = WithIncident();
        world.Open("old");
        world.Open("other", connector: "c2");
        world.Pass(TimeSpan.FromMilliseconds(1));
        world.Open("new");
        world.Open("held");
        world.Pass(TimeSpan.FromSeconds(5));
        var connector = new Connector(world);

        Assert.Empty(await connector.ReadAsync([Held("held")]));

        Assert.Equal(["held", "new", "other"], world.OpenKeys().Order());
        Resolve(world);
        Assert.Equal(["held", "new"], (await connector.RevokedAsync()).Select(r => r.SessionKey).Order());
    }

    [Fact]
    public async Task AbsentFromAListWithAToken_OrFromAnEmptyOne_IsNotOver()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromMinutes(1));

        await connector.ReadAsync([Held("k2")]);
        await new Connector(world).ReadAsync([]);

        Assert.Equal(["k1", "k2"], world.OpenKeys().Order());
    }

    [Fact]
    public async Task RevokedWhileAway_IsToldOnce_AlthoughTheConnectorStillListsIt()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        Resolve(world);

        Assert.Equal("k1", Assert.Single(await connector.RevokedAsync([Held("k1")])).SessionKey);
        Assert.Equal(0, world.Sessions.Count);
    }

    [Fact]
    public async Task RevokedWhileAway_IsNotAdopted_AlthoughItWouldBeAllowedAgain()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        Resolve(world);
        world.Incidents["S1"].Add("I2");
        world.Publish();

        Assert.Equal("k1", Assert.Single(await connector.RevokedAsync([Held("k1")])).SessionKey);
        Assert.Equal(0, world.Sessions.Count);
    }

    [Fact]
    public async Task RevokedWhileBeingAdopted_IsToldOnce()
    {
        for (var round = 0; round < Soak.Runs(200, 200); round++)
        {
            using var world = WithIncident();
            var connector = await Connector.SubscribedAsync(world);
            var keys = Enumerable.Range(0, 50).Select(i => $"k{i}").ToList();
            keys.ForEach(k => world.Open(k));
            using var together = new Barrier(2);
            var resolving = Task.Run(() =>
            {
                together.SignalAndWait();
                Resolve(world);
            });
            together.SignalAndWait();
            using (world.Sessions.Watch(World.Organization, World.Connector, connector.Token, [.. keys.Select(k => Held(k))], TimeSpan.FromSeconds(1), _ => []))
            {
                await resolving;
            }

            Assert.Equal(keys.Order(), (await connector.RevokedAsync()).Select(r => r.SessionKey).Order());
        }
    }

    [Fact]
    public async Task RevokedButNotYetDurable_IsToldOnce()
    {
        var journal = new HeldJournal();
        using var world = WithIncident(journal);
        world.Open("k1");
        Resolve(world);
        var connector = new Connector(world);
        Assert.Empty(await connector.ReadAsync([Held("k1")]));
        journal.LetThrough();

        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
    }

    [Fact]
    public async Task Unknown_WhileNothingIsKnownOfPagerDuty_IsHeld_AtMostToTheBound()
    {
        using var world = WithIncident();
        world.Facts.Forget(World.Integration);
        var connector = new Connector(world);
        Assert.Empty(await connector.ReadAsync([Held("k1")]));
        world.Pass(World.Settings.SessionMaxStaleness - TimeSpan.FromTicks(1), answering: false);
        Assert.Empty(await connector.ReadAsync([Held("k1")]));
        world.Pass(TimeSpan.FromMilliseconds(1), answering: false);

        Assert.Equal(RevocationCause.FactsStale, (await connector.RevokedOnceAsync()).Cause);
    }
}
