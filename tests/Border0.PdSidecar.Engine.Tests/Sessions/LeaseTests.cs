using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>A connector that is not heard of any more loses its sessions.</summary>
public class LeaseTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromHours(2);
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    private static World WithLease()
    {
        var world = new World(new SessionOptions { SessionLease = Lease });
        world.Put(World.Rule("plain"));
        return world;
    }

    [Fact]
    public async Task NotHeardOfForTheLease_TheSessionIsAbandoned_AndNotBefore()
    {
        using var world = WithLease();
        world.Open("k1");
        world.Pass(Lease - TimeSpan.FromTicks(1), Step);
        Assert.Equal(["k1"], world.OpenKeys());
        world.Pass(TimeSpan.FromMilliseconds(1));
        Assert.Empty(world.OpenKeys());

        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(Lease + TimeSpan.FromSeconds(1), Step);
        Assert.Equal((RevocationCause.Abandoned, InitiatingEntity.System), await connector.RevokedOnceAsync() is var r ? (r.Cause, r.InitiatingEntity) : default);
    }

    [Fact]
    public void AWatchThatIsUp_KeepsTheLease_AndItsEndStartsIt()
    {
        using var world = WithLease();
        world.Open("k1");
        using (world.Sessions.Watch(World.Organization, World.Connector, "", [], TimeSpan.FromSeconds(60), _ => []))
        {
            world.Pass(Lease * 3, Step);
        }

        world.Pass(Lease - TimeSpan.FromTicks(1), Step);
        Assert.Equal(["k1"], world.OpenKeys());
        world.Pass(TimeSpan.FromMilliseconds(1));
        Assert.Empty(world.OpenKeys());
    }

    [Fact]
    public void AnyQuestionOfTheConnector_KeepsAllOfItsSessions_AndNobodyElses()
    {
        using var world = WithLease();
        world.Open("k1");
        world.Open("k2", connector: "c2");
        for (var i = 0; i < 6; i++)
        {
            world.Pass(Lease / 2, Step);
            world.Open($"more-{i}");
        }

        Assert.Contains("k1", world.OpenKeys());
        Assert.DoesNotContain("k2", world.OpenKeys());
    }

    [Fact]
    public void EndSession_OfAnotherSession_KeepsTheLease()
    {
        using var world = WithLease();
        world.Open("k1");
        world.Pass(Lease / 2, Step);
        world.Sessions.End(World.Organization, World.Connector, "unknown");
        world.Pass(Lease / 2 + Step, Step);

        Assert.Equal(["k1"], world.OpenKeys());
    }

    [Fact]
    public void AnAbandonedKey_MayBeUsedAgain()
    {
        using var world = WithLease();
        world.Open("k1");
        world.Pass(Lease + Step, Step);

        Assert.True(world.Evaluate("k1").Allowed);
    }
}
