using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

public class GraceTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    private static World WithGrace()
    {
        var world = new World();
        world.Put(World.Rule("incident", incidentOf: "S1", also: p => p.RevocationGrace = Duration.FromTimeSpan(Grace)));
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
    public async Task LostAccess_IsAnnouncedAtOnce_AndCutAfterTheGrace()
    {
        using var world = WithGrace();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromSeconds(10));
        Resolve(world);
        var end = world.Now + Grace;

        var expiring = Assert.Single(await connector.ReadAsync()).SessionExpiring;
        Assert.Equal((RevocationCause.IncidentResolved, end), (expiring.Cause, expiring.ExpireTime.ToDateTimeOffset()));
        world.Pass(Grace - TimeSpan.FromTicks(1), TimeSpan.FromMilliseconds(7_919));
        Assert.Empty(await connector.ReadAsync());
        world.Pass(TimeSpan.FromMilliseconds(1));

        var revoked = await connector.RevokedOnceAsync();
        Assert.Equal(RevocationCause.IncidentResolved, revoked.Cause);
        Assert.InRange(revoked.DecisionTime.ToDateTimeOffset() - end, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
        Assert.True(revoked.EventTime.ToDateTimeOffset() <= end - Grace);
    }

    [Fact]
    public void InTheGrace_NewConnectionsAreDenied_AndTheSessionsOwnQuestionSaysUntilWhen()
    {
        using var world = WithGrace();
        world.Open("k1");
        Resolve(world);

        Assert.False(world.Evaluate("k2").Allowed);
        var again = world.Evaluate("k1");
        Assert.Equal((true, world.Now + Grace), (again.Allowed, again.GraceUntil));
        Assert.Equal(world.Now + Grace, world.Listed("k1").GraceUntil.ToDateTimeOffset());
    }

    [Fact]
    public async Task AccessThatComesBack_EndsTheGrace()
    {
        using var world = WithGrace();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        Resolve(world);
        world.Pass(TimeSpan.FromMinutes(9));
        world.Incidents["S1"].Add("I2");
        world.Publish();
        world.Pass(TimeSpan.FromMinutes(30));
        Assert.Empty(await connector.RevokedAsync());
        Assert.Null(world.Listed("k1").GraceUntil);

        // Lost again: a whole grace again.
        Resolve(world);
        world.Pass(Grace - TimeSpan.FromMilliseconds(1));
        Assert.Empty(await connector.RevokedAsync());
        world.Pass(TimeSpan.FromMilliseconds(2));
        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
    }

    [Fact]
    public async Task QuestionsAndFurtherChanges_DoNotProlongTheGrace()
    {
        using var world = WithGrace();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        Resolve(world);
        for (var minute = 0; minute < 10; minute++)
        {
            Assert.Empty(await connector.RevokedAsync());
            world.Pass(TimeSpan.FromMinutes(1));
            world.Evaluate("k1");
            world.Put(World.Rule("other", incidentOf: "S2"));
        }

        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
    }

    [Fact]
    public async Task FactsThatAreForgotten_DoNotProlongTheGrace()
    {
        using var world = WithGrace();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        Resolve(world);
        world.Facts.Forget(World.Integration);
        world.Pass(Grace + TimeSpan.FromMilliseconds(1), answering: false);

        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
    }

    [Fact]
    public async Task AnAdministrator_EndsItWithinTheGrace()
    {
        using var world = WithGrace();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        Resolve(world);

        Assert.NotNull(world.Sessions.Revoke(World.Organization, "", "k1", "now"));
        world.Pass(Grace * 2);

        Assert.Equal(RevocationCause.Administrator, (await connector.RevokedOnceAsync()).Cause);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ARestart_NeitherForgetsNorProlongsTheGrace(bool keepFacts)
    {
        using var world = WithGrace();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        Resolve(world);
        Assert.NotNull(Assert.Single(await connector.ReadAsync()).SessionExpiring);
        world.Pass(TimeSpan.FromMinutes(4));
        await world.RestartAsync(keepFacts);
        world.Publish();

        world.Pass(TimeSpan.FromMinutes(6) - TimeSpan.FromMilliseconds(1));
        Assert.Empty(await connector.ReadAsync());
        world.Pass(TimeSpan.FromMilliseconds(2));
        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
    }
}
