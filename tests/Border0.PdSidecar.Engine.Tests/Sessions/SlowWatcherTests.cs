using Border0.PdSidecar.Engine.Sessions;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>A watcher that does not keep up is cut off, and misses nothing that is kept.</summary>
public class SlowWatcherTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static World Plain(SessionOptions options)
    {
        var world = new World(options);
        world.Put(World.Rule("plain"));
        return world;
    }

    private static void Revoke(World world, string key)
    {
        world.Open(key);
        world.Sessions.Revoke(World.Organization, "", key, "test");
    }

    [Fact]
    public async Task WhoTakesNothingForThePatience_AlthoughSomethingWaits_IsCutOff_AndResumes()
    {
        using var world = Plain(new SessionOptions { SlowWatcherPatience = Patience });
        await using var live = new LiveWatch(world);
        var token = (await live.NextAsync()).ResumeToken;
        Revoke(world, "k1");
        world.Pass(Patience, TimeSpan.FromSeconds(1));
        Assert.False(live.Watch.TooSlow.IsCancellationRequested);
        world.Pass(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

        Assert.True(live.Watch.TooSlow.IsCancellationRequested);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(live.NextAsync);
        Assert.Equal("k1", (await new Connector(world) { Token = token }.RevokedOnceAsync()).SessionKey);
    }

    [Fact]
    public async Task WhoTakesNothing_WhileNothingWaits_IsNot()
    {
        using var world = Plain(new SessionOptions { SlowWatcherPatience = Patience });
        await using var live = new LiveWatch(world);
        await live.NextAsync();
        world.Pass(Patience * 10, TimeSpan.FromSeconds(1));

        Assert.False(live.Watch.TooSlow.IsCancellationRequested);
    }

    [Fact]
    public async Task WhoTakesOneNowAndThen_IsNot()
    {
        using var world = Plain(new SessionOptions { SlowWatcherPatience = Patience });
        await using var live = new LiveWatch(world);
        await live.NextAsync();
        for (var i = 0; i < 10; i++)
        {
            Revoke(world, $"k{i}");
        }

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal($"k{i}", (await live.NextEventAsync()).SessionRevoked.SessionKey);
            world.Pass(Patience - TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        }

        Assert.False(live.Watch.TooSlow.IsCancellationRequested);
    }

    [Fact]
    public async Task WhoIsOvertakenByTheRetention_IsCutOff_AndMustResync()
    {
        using var world = Plain(new SessionOptions { MaxEventsPerConnector = 5 });
        await using var live = new LiveWatch(world);
        var token = (await live.NextAsync()).ResumeToken;
        for (var i = 0; i < 6; i++)
        {
            Revoke(world, $"k{i}");
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(live.NextAsync);
        Assert.True(live.Watch.TooSlow.IsCancellationRequested);
        Assert.NotNull(Assert.Single(await new Connector(world) { Token = token }.ReadAsync()).ResyncRequired);
    }

    [Fact]
    public async Task OneThatIsCutOff_DoesNotHoldTheOthersUp()
    {
        using var world = Plain(new SessionOptions { SlowWatcherPatience = Patience });
        await using var slow = new LiveWatch(world);
        await using var quick = new LiveWatch(world);
        await slow.NextAsync();
        await quick.NextAsync();
        Revoke(world, "k1");
        Assert.Equal("k1", (await quick.NextEventAsync()).SessionRevoked.SessionKey);
        Assert.True(quick.NothingYet());
        world.Pass(Patience + TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

        Assert.True(slow.Watch.TooSlow.IsCancellationRequested);
        Assert.False(quick.Watch.TooSlow.IsCancellationRequested);
        Revoke(world, "k2");
        Assert.Equal("k2", (await quick.NextEventAsync()).SessionRevoked.SessionKey);
    }
}
