using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

public class OpeningTests
{
    private static World WithIncident()
    {
        var world = new World();
        world.Put(World.Rule("incident", incidentOf: "S1"));
        world.Incidents["S1"].Add("I1");
        world.Publish();
        return world;
    }

    [Fact]
    public void Allow_WithASessionKey_OpensASession()
    {
        using var world = WithIncident();

        Assert.True(world.Evaluate("k1").Allowed);

        var session = world.Listed("k1");
        Assert.Equal((World.Connector, "db-1", World.Alice), (session.ConnectorId, session.SocketId, session.UserEmail));
        Assert.Equal(World.Start, session.OpenTime.ToDateTimeOffset());
        Assert.Equal(["incident"], session.PolicyNames);
        Assert.Equal(["read"], session.AllowedActions["database"].Values);
    }

    [Fact]
    public void Allow_WithoutASessionKey_OpensNone()
    {
        using var world = WithIncident();

        Assert.True(world.Evaluate("").Allowed);
        Assert.Equal(0, world.Sessions.Count);
    }

    [Fact]
    public void Deny_OpensNone()
    {
        using var world = WithIncident();
        world.Incidents["S1"].Clear();
        world.Publish();

        Assert.False(world.Evaluate("k1").Allowed);
        Assert.Equal(0, world.Sessions.Count);
    }

    [Fact]
    public void SameKey_Again_ReevaluatesTheSameSession()
    {
        using var world = WithIncident();
        world.Open("k1");
        world.Pass(TimeSpan.FromSeconds(30));

        Assert.True(world.Evaluate("k1").Allowed);

        var session = world.Listed("k1");
        Assert.Equal(World.Start, session.OpenTime.ToDateTimeOffset());
        Assert.Equal(world.Now, session.LastSeenTime.ToDateTimeOffset());
    }

    [Fact]
    public void SameKey_OnFactsTooOldForANewConnection_GoesOn()
    {
        using var world = WithIncident();
        world.Open("k1");
        world.Pass(TimeSpan.FromMinutes(2), answering: false);

        Assert.False(world.Evaluate("k2").Allowed);
        Assert.True(world.Evaluate("k1").Allowed);
    }

    [Theory]
    [InlineData(World.Bob, World.Connector, "db-1")]
    [InlineData(World.Alice, "c2", "db-1")]
    [InlineData(World.Alice, World.Connector, "db-2")]
    public void SameKey_OfAnotherUserConnectorOrSocket_IsInUse_AndChangesNothing(string user, string connector, string socket)
    {
        using var world = WithIncident();
        world.Open("k1");
        var before = world.Listed("k1");
        world.Pass(TimeSpan.FromSeconds(5));

        var other = world.Evaluate("k1", user, connector, socket);

        Assert.True(other.KeyInUse);
        Assert.False(other.Allowed);
        Assert.Equal(before.LastSeenTime, world.Listed("k1").LastSeenTime);
        Assert.Equal(World.Alice, world.Listed("k1").UserEmail);
    }

    [Fact]
    public void SameKey_InAnotherOrganization_IsAnotherSession()
    {
        using var world = WithIncident();
        world.Open("k1");

        var elsewhere = world.Sessions.Evaluate(World.Request() with { OrganizationId = "other" }, World.Connector, "k1");

        Assert.False(elsewhere.KeyInUse);
        Assert.False(elsewhere.Allowed);
        Assert.Equal(1, world.Sessions.Count);
    }

    [Fact]
    public void SameUser_InAnotherCase_IsTheSameSession()
    {
        using var world = WithIncident();
        world.Open("k1");

        Assert.True(world.Evaluate("k1", "ALICE@Example.com").Allowed);
        Assert.Equal(1, world.Sessions.Count);
    }

    [Fact]
    public async Task Again_WithGroupsThatTheUserLost_IsDeniedAndRevoked()
    {
        using var world = new World();
        world.Put(World.Rule("group", also: p => p.Condition.Who = new WhoCondition { Group = { "dba" } }));
        var connector = await Connector.SubscribedAsync(world);
        Assert.True(world.Sessions.Evaluate(World.Request(groups: ["dba"]), World.Connector, "k1").Allowed);

        Assert.False(world.Sessions.Evaluate(World.Request(groups: ["staff"]), World.Connector, "k1").Allowed);

        Assert.Equal(RevocationCause.ReevaluationDenied, (await connector.RevokedOnceAsync()).Cause);
    }

    [Fact]
    public async Task Again_WithTagsOfAnotherPolicy_DependsOnThatPolicysServiceFromThenOn()
    {
        using var world = new World();
        world.Put(
            World.Rule("prod", incidentOf: "S1", socket: "x", also: p => p.TagRules.Add(new TagRule { Tags = { ["env"] = "prod" } })),
            World.Rule("test", incidentOf: "S2", socket: "x", also: p => p.TagRules.Add(new TagRule { Tags = { ["env"] = "test" } })));
        world.Incidents["S1"].Add("I1");
        world.Incidents["S2"].Add("I2");
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        Assert.True(world.Sessions.Evaluate(World.Request(tags: new() { ["env"] = "prod" }), World.Connector, "k1").Allowed);
        Assert.True(world.Sessions.Evaluate(World.Request(tags: new() { ["env"] = "test" }), World.Connector, "k1").Allowed);

        world.Incidents["S1"].Clear();
        world.Publish();
        Assert.Empty(await connector.RevokedAsync());
        world.Incidents["S2"].Clear();
        world.Publish();
        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
    }

    [Fact]
    public async Task EndSession_ClosesWithoutAnEvent_AndTheKeyMayBeUsedAgain()
    {
        using var world = WithIncident();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");

        Assert.True(world.Sessions.End(World.Organization, World.Connector, "k1"));
        Assert.False(world.Sessions.End(World.Organization, World.Connector, "k1"));

        world.Incidents["S1"].Clear();
        world.Publish();
        Assert.Empty(await connector.ReadAsync());
        world.Incidents["S1"].Add("I2");
        world.Publish();
        Assert.True(world.Evaluate("k1", World.Bob).Allowed);
    }

    [Fact]
    public void EndSession_OfAnotherConnector_LeavesItOpen()
    {
        using var world = WithIncident();
        world.Open("k1");

        Assert.False(world.Sessions.End(World.Organization, "c2", "k1"));
        Assert.False(world.Sessions.End("other", World.Connector, "k1"));
        Assert.Equal(["k1"], world.OpenKeys());
    }

    [Fact]
    public void RequireWatcher_AllowsOnlyWhileAWatchIsUp()
    {
        using var world = new World(new SessionOptions { RequireWatcher = true });
        world.Put(World.Rule("open"));

        var before = world.Evaluate("k1");
        Assert.Equal((false, ReasonCode.WatcherRequired), (before.Allowed, before.DeniedBy?.Code));
        using (world.Sessions.Watch(World.Organization, World.Connector, "", [], TimeSpan.FromSeconds(1), _ => []))
        {
            Assert.True(world.Evaluate("k1").Allowed);
            Assert.False(world.Evaluate("k2", connector: "c2").Allowed);
        }

        Assert.False(world.Evaluate("k3").Allowed);
    }

    [Fact]
    public void RequireWatcher_SaysThePolicysReason_WhereThePolicyDeniesAnyway()
    {
        using var world = new World(new SessionOptions { RequireWatcher = true });

        Assert.Null(world.Evaluate("k1").DeniedBy);
    }
}
