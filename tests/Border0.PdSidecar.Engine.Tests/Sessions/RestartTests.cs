using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>What survives the end of the process, and what watchers see of a slow disk.</summary>
public class RestartTests
{
    private static World WithIncident(ISessionJournal? journal = null, SessionOptions? options = null)
    {
        var world = new World(options, journal);
        world.Put(World.Rule("incident", incidentOf: "S1"));
        world.Incidents["S1"].Add("I1");
        world.Publish();
        return world;
    }

    private static void Resolve(World world)
    {
        world.Incidents["S1"].Clear();
        world.Publish();
    }

    [Fact]
    public async Task Sessions_ComeBackAsTheyWere()
    {
        using var world = WithIncident();
        world.Put(World.Rule("groups", also: p => p.Condition.Who = new WhoCondition { Group = { "dba" } }));
        Assert.True(world.Sessions.Evaluate(World.Request(groups: ["dba"], tags: new() { ["env"] = "prod" }), World.Connector, "k1").Allowed);
        var before = world.Listed("k1");
        world.Pass(TimeSpan.FromMinutes(1));
        await world.RestartAsync(keepFacts: true);

        var after = world.Listed("k1");
        Assert.Equal((before.ConnectorId, before.SocketId, before.UserEmail, before.OpenTime), (after.ConnectorId, after.SocketId, after.UserEmail, after.OpenTime));
        Assert.Equal(before.PolicyNames, after.PolicyNames);

        // The group still counts.
        Resolve(world);
        Assert.Equal(["k1"], world.OpenKeys());
    }

    [Fact]
    public async Task ARevocationOwed_ComesExactlyOnce_UnderTheSameToken_WithTheRevisionGoingOn()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Open("k2");
        world.Sessions.Revoke(World.Organization, "", "k1", "out");
        Assert.Equal(1, Assert.Single(await connector.ReadAsync()).Revision);

        world.Incidents["S1"].Clear();
        await world.RestartAsync(keepFacts: false);
        world.Publish();

        var owed = Assert.Single(await connector.ReadAsync());
        Assert.Equal((2, "k2"), (owed.Revision, owed.SessionRevoked.SessionKey));
        await world.RestartAsync(keepFacts: true);
        Assert.Empty(await connector.ReadAsync());
        Assert.Equal(2, connector.First!.Revision);
        Assert.Equal(0, world.Sessions.Count);
    }

    [Fact]
    public async Task EventsNotReadBefore_AreReadAfterwards()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        Resolve(world);
        await world.RestartAsync(keepFacts: true);

        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
    }

    [Fact]
    public async Task AnAdministratorsRevocation_StaysFinal()
    {
        using var world = WithIncident();
        world.Open("k1");
        world.Sessions.Revoke(World.Organization, "", "k1", "out");
        await world.RestartAsync(keepFacts: true);

        Assert.Equal(ReasonCode.SessionRevoked, world.Evaluate("k1").DeniedBy?.Code);
        Assert.True(world.Evaluate("k2").Allowed);
    }

    [Fact]
    public async Task OnceFlushed_AnAdministratorsRevocation_SurvivesAKill()
    {
        var journal = new HeldJournal();
        using var world = WithIncident(journal);
        world.Open("k1");
        world.Sessions.Revoke(World.Organization, "", "k1", "out");
        await world.Sessions.FlushAsync(CancellationToken.None);
        journal.Lose();
        await world.RestartAsync(keepFacts: true);

        Assert.Equal(ReasonCode.SessionRevoked, world.Evaluate("k1").DeniedBy?.Code);
    }

    [Fact]
    public async Task AnEndedSession_DoesNotComeBack()
    {
        using var world = WithIncident();
        world.Open("k1");
        world.Sessions.End(World.Organization, World.Connector, "k1");
        await world.RestartAsync(keepFacts: true);

        Assert.Equal(0, world.Sessions.Count);
    }

    [Fact]
    public async Task AnEndThatWasAnnounced_IsNotAnnouncedAgain()
    {
        using var world = WithIncident();
        var end = World.Start.AddMinutes(10);
        world.Put(World.Rule("until", socket: "db-2", also: p => p.Condition.When = new WhenCondition { Before = end.ToTimestamp() }));
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1", socket: "db-2");
        world.Pass(TimeSpan.FromMinutes(6));
        Assert.NotNull(Assert.Single(await connector.ReadAsync()).SessionExpiring);
        await world.RestartAsync(keepFacts: true);

        world.Pass(TimeSpan.FromMinutes(3));
        Assert.Empty(await connector.ReadAsync());
        world.Pass(TimeSpan.FromMinutes(1) + TimeSpan.FromMilliseconds(1));
        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
    }

    [Fact]
    public async Task ActionsThatWereLostMeanwhile_AreTold()
    {
        using var world = WithIncident();
        world.Put(World.Rule("write", incidentOf: "S2", action: "write"));
        world.Incidents["S2"].Add("I2");
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Incidents["S2"].Clear();
        await world.RestartAsync(keepFacts: false);
        world.Publish();

        Assert.Equal(["read"], Assert.Single(await connector.ReadAsync()).SessionActionsChanged.AllowedActions["database"].Values);
    }

    [Fact]
    public async Task TooOldTokens_AreToldApart_AfterwardsToo()
    {
        using var world = WithIncident(options: new SessionOptions { MaxEventsPerConnector = 2 });
        var connector = await Connector.SubscribedAsync(world);
        foreach (var key in (string[])["k1", "k2", "k3"])
        {
            world.Open(key);
            world.Sessions.Revoke(World.Organization, "", key, "out");
        }

        await world.RestartAsync(keepFacts: true);
        Assert.NotNull(Assert.Single(await connector.ReadAsync()).ResyncRequired);
    }

    [Fact]
    public async Task AnEvent_IsNotGivenToWatchers_BeforeTheJournalHasIt()
    {
        var journal = new HeldJournal();
        using var world = WithIncident(journal);
        await using var live = new LiveWatch(world);
        Assert.NotNull((await live.NextAsync()).Heartbeat);
        world.Open("k1");
        world.Open("k2");
        journal.LetThrough();
        Resolve(world);

        Assert.True(live.NothingYet());
        world.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, (await live.NextAsync()).Heartbeat.Revision);
        Assert.True(live.NothingYet());

        journal.LetThrough(1);
        Assert.Equal(1, (await live.NextEventAsync()).Revision);
        Assert.True(live.NothingYet());
        journal.LetThrough();
        Assert.Equal(2, (await live.NextEventAsync()).Revision);
    }

    [Fact]
    public async Task AnEventThatCannotBeRecorded_IsDelivered_AndAfterAKillItsTokenIsNotTakenForAnotherEvents()
    {
        var journal = new HeldJournal();
        using var world = WithIncident(journal);
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Open("k2");
        journal.LetThrough();
        world.Sessions.Revoke(World.Organization, "", "k1", "out");
        journal.GiveUp();
        Assert.Equal(1, Assert.Single(await connector.ReadAsync()).Revision);
        Assert.Empty(await connector.ReadAsync());

        journal.Lose();
        await world.RestartAsync(keepFacts: true);
        world.Sessions.Revoke(World.Organization, "", "k2", "out");
        journal.LetThrough();

        // The history that is recorded has another event at revision 1.
        Assert.NotNull(Assert.Single(await connector.ReadAsync()).ResyncRequired);
    }

    [Fact]
    public async Task OnceEventsAreRecordedAgain_TokensSurviveARestart()
    {
        var journal = new HeldJournal();
        using var world = WithIncident(journal);
        var connector = await Connector.SubscribedAsync(world);
        var beginning = connector.Token;
        world.Open("k1");
        world.Open("k2");
        world.Open("k3");
        journal.LetThrough();
        world.Sessions.Revoke(World.Organization, "", "k1", "out");
        journal.GiveUp();
        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
        world.Sessions.Revoke(World.Organization, "", "k2", "out");
        journal.LetThrough();
        Assert.Equal("k2", (await connector.RevokedOnceAsync()).SessionKey);

        await world.RestartAsync(keepFacts: true);
        world.Sessions.Revoke(World.Organization, "", "k3", "out");
        journal.LetThrough();
        Assert.Equal("k3", (await connector.RevokedOnceAsync()).SessionKey);

        // Who comes back from the beginning finds what was recorded late, too.
        var again = await new Connector(world) { Token = beginning }.RevokedAsync();
        Assert.Equal(["k1", "k2", "k3"], again.Select(r => r.SessionKey));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task KilledAtAnyPoint_TheRevocationComesExactlyOnce(int durable)
    {
        var journal = new HeldJournal();
        using var world = WithIncident(journal);
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Open("k2");
        world.Open("k3");
        journal.LetThrough();
        Resolve(world);
        Assert.Equal(3, journal.Waiting);
        journal.LetThrough(durable);
        var before = (await connector.RevokedAsync()).Select(r => r.SessionKey).ToList();
        Assert.Equal(durable, before.Count);

        journal.Lose();
        await world.RestartAsync(keepFacts: true);
        journal.LetThrough();

        Assert.Equal(["k1", "k2", "k3"], before.Concat((await connector.RevokedAsync()).Select(r => r.SessionKey)).Order());
    }
}
