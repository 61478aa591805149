using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>What changes of facts and policies do to running sessions.</summary>
public class ChangeTests
{
    private static World WithIncidents()
    {
        var world = new World();
        world.Put(World.Rule("one", incidentOf: "S1"), World.Rule("two", incidentOf: "S2", socket: "db-2"));
        world.Incidents["S1"].Add("I1");
        world.Incidents["S2"].Add("I2");
        world.Publish();
        return world;
    }

    /// <summary>How old the facts were when the session was evaluated last.</summary>
    private static DateTimeOffset EvaluatedAt(World world, string key, DateTimeOffset factsOf) =>
        factsOf + world.Listed(key).Reasons.Single().FactsAge.ToTimeSpan();

    [Fact]
    public async Task ResolvingTheLastIncident_RevokesOnce_AndDeniesNewConnections()
    {
        using var world = WithIncidents();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromSeconds(10));
        world.Incidents["S1"].Clear();
        world.Publish();
        world.Publish();

        var revoked = await connector.RevokedOnceAsync();

        Assert.Equal(("k1", RevocationCause.IncidentResolved, "one"), (revoked.SessionKey, revoked.Cause, revoked.PolicyName));
        Assert.Equal(("db-1", World.Alice, InitiatingEntity.Policy), (revoked.SocketId, revoked.UserEmail, revoked.InitiatingEntity));
        Assert.Equal(world.Now, revoked.DecisionTime.ToDateTimeOffset());
        Assert.NotEqual("", revoked.ReasonAdmin);
        Assert.NotEqual("", revoked.ReasonUser);
        Assert.False(world.Evaluate("k2").Allowed);
        Assert.Empty(world.OpenKeys());
    }

    [Fact]
    public async Task AWebhookThatToldWhen_IsQuotedInTheEvent()
    {
        using var world = WithIncidents();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromSeconds(10));
        var resolved = world.Now - TimeSpan.FromSeconds(2);
        world.Facts.Apply(World.Integration, new FactsUpdate { Incidents = [new IncidentFacts { ServiceId = "S1", AsOf = world.Now, ChangedAt = resolved }] });

        Assert.Equal(resolved, (await connector.RevokedOnceAsync()).EventTime.ToDateTimeOffset());
    }

    [Fact]
    public void AChangeOfOneService_EvaluatesExactlyTheSessionsThatDependOnIt()
    {
        using var world = WithIncidents();
        world.Open("k1");
        world.Open("k2", socket: "db-2");
        world.Pass(TimeSpan.FromSeconds(10), answering: false);
        world.Incidents["S1"].Add("I3");
        world.Publish("S1");

        Assert.Equal(world.Now, EvaluatedAt(world, "k1", world.Now));
        Assert.Equal(World.Start, EvaluatedAt(world, "k2", World.Start));
    }

    [Fact]
    public async Task AService_OfWhichTwoPoliciesSpeak_RevokesOnlySessionsThatNoPolicyStillAllows()
    {
        using var world = WithIncidents();
        world.Put(World.Rule("bob", also: p => p.Condition.Who = new WhoCondition { Email = { World.Bob } }));
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Open("k2", World.Bob);
        world.Incidents["S1"].Clear();
        world.Publish();

        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
        Assert.Equal(["k2"], world.OpenKeys());
    }

    [Fact]
    public async Task AChangedPolicy_RevokesWhoItNoLongerIncludes()
    {
        using var world = WithIncidents();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Open("k2", World.Bob);

        world.Put(World.Rule("one", incidentOf: "S1", also: p => p.Condition.Who = new WhoCondition { Email = { World.Bob } }));

        var revoked = await connector.RevokedOnceAsync();
        Assert.Equal(("k1", RevocationCause.PolicyChanged, "one", "condition.who"), (revoked.SessionKey, revoked.Cause, revoked.PolicyName, revoked.Condition));
        Assert.Equal(["k2"], world.OpenKeys());
    }

    [Fact]
    public async Task ADeletedPolicy_Revokes()
    {
        using var world = WithIncidents();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");

        world.Remove("one");

        Assert.Equal((RevocationCause.PolicyChanged, "one"), await connector.RevokedOnceAsync() is var r ? (r.Cause, r.PolicyName) : default);
    }

    [Fact]
    public async Task ADetachedSocket_RevokesItsSessionsOnly()
    {
        using var world = new World();
        world.Put(World.Rule("both", also: p => p.SocketIds.Add("db-2")));
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Open("k2", socket: "db-2");

        world.Put(World.Rule("both", socket: "db-2"));

        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
        Assert.Equal(["k2"], world.OpenKeys());
    }

    [Fact]
    public async Task AnotherPolicysDeletion_RevokesNobodyElse()
    {
        using var world = WithIncidents();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");

        world.Remove("two");

        Assert.Empty(await connector.ReadAsync());
        Assert.Equal(["k1"], world.OpenKeys());
    }

    [Fact]
    public async Task ADeletedIntegration_Revokes_SayingSo()
    {
        using var world = WithIncidents();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");

        world.Integrations.Clear();
        world.Replace();
        world.Facts.Forget(World.Integration);

        Assert.Equal(RevocationCause.IntegrationChanged, (await connector.RevokedOnceAsync()).Cause);
    }

    [Fact]
    public async Task AServiceThatIsGone_Revokes_SayingSo()
    {
        using var world = WithIncidents();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");

        world.Facts.Apply(World.Integration, new FactsUpdate { Services = [new ServiceFacts { Id = "S1", Name = "S1", Exists = false, AsOf = world.Now }] });

        Assert.Equal(RevocationCause.ServiceGone, (await connector.RevokedOnceAsync()).Cause);
    }

    [Fact]
    public async Task APolicyThatNowNamesAnotherService_IsFollowedThere()
    {
        using var world = WithIncidents();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Put(World.Rule("one", incidentOf: "S2"));

        world.Incidents["S1"].Clear();
        world.Publish();
        Assert.Empty(await connector.ReadAsync());
        world.Incidents["S2"].Clear();
        world.Publish();
        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
    }

    [Fact]
    public async Task LosingSomeActions_SaysWhatIsLeft_AndGainingSome_SaysNothing()
    {
        using var world = WithIncidents();
        var connector = await Connector.SubscribedAsync(world);
        world.Put(World.Rule("write", incidentOf: "S2", action: "write"));
        world.Open("k1");
        world.Incidents["S2"].Clear();
        world.Publish();

        var changed = Assert.Single(await connector.ReadAsync()).SessionActionsChanged;
        Assert.Equal(["read"], changed.AllowedActions["database"].Values);
        Assert.Equal(("k1", "db-1", World.Alice), (changed.SessionKey, changed.SocketId, changed.UserEmail));

        world.Incidents["S2"].Add("I4");
        world.Publish();
        Assert.Empty(await connector.ReadAsync());
        Assert.Equal(["read", "write"], world.Listed("k1").AllowedActions["database"].Values.Order());

        world.Put(World.Rule("write", incidentOf: "S2", action: "admin"));
        changed = Assert.Single(await connector.ReadAsync()).SessionActionsChanged;
        Assert.Equal(["admin", "read"], changed.AllowedActions["database"].Values.Order());
    }

    [Fact]
    public async Task AnAdministratorsRevocation_IsFinal()
    {
        using var world = WithIncidents();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");

        Assert.Null(world.Sessions.Revoke(World.Organization, "c2", "k1", "not here"));
        var revision = world.Sessions.Revoke(World.Organization, "", "k1", "laptop lost");
        Assert.Null(world.Sessions.Revoke(World.Organization, "", "k1", "twice"));

        var message = Assert.Single(await connector.ReadAsync());
        Assert.Equal(revision, message.Revision);
        Assert.Equal((RevocationCause.Administrator, InitiatingEntity.Admin), (message.SessionRevoked.Cause, message.SessionRevoked.InitiatingEntity));
        Assert.Contains("laptop lost", message.SessionRevoked.ReasonAdmin, StringComparison.Ordinal);
        var again = world.Evaluate("k1");
        Assert.Equal((false, ReasonCode.SessionRevoked), (again.Allowed, again.DeniedBy?.Code));
        Assert.True(world.Evaluate("k2").Allowed);
    }

    [Fact]
    public void AKeyThatWasRevokedForGood_IsFreeAgain_AfterTheLease()
    {
        using var world = WithIncidents();
        world.Open("k1");
        world.Sessions.Revoke(World.Organization, "", "k1", "out");
        world.Pass(world.Options.SessionLease, TimeSpan.FromMinutes(30));

        Assert.True(world.Evaluate("k1").Allowed);
    }

    [Fact]
    public void ASessionThatLostItsIncident_MayOpenAgain_OnceThereIsOne()
    {
        using var world = WithIncidents();
        world.Open("k1");
        world.Incidents["S1"].Clear();
        world.Publish();
        Assert.False(world.Evaluate("k1").Allowed);
        world.Incidents["S1"].Add("I9");
        world.Publish();

        Assert.True(world.Evaluate("k1").Allowed);
    }
}
