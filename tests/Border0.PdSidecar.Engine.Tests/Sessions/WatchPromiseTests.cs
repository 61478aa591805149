using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>The promises of a watch, each by its name.</summary>
public class WatchPromiseTests
{
    private static World Plain(SessionOptions? options = null)
    {
        var world = new World(options);
        world.Put(World.Rule("plain"));
        return world;
    }

    private static void OpenAndRevoke(World world, string key)
    {
        world.Open(key);
        Assert.NotNull(world.Sessions.Revoke(World.Organization, "", key, "test"));
    }

    private static IEnumerable<string> Keys(IEnumerable<WatchSessionsResponse> messages) => messages.Select(m => m.SessionRevoked.SessionKey);

    [Fact]
    public async Task FirstMessage_IsAHeartbeat_AtOnce()
    {
        using var world = Plain();
        using var watch = world.Sessions.Watch(
            World.Organization, World.Connector, "", [], TimeSpan.FromSeconds(1), o => [new FactsAge { IntegrationName = "of " + o }]);
        await using var messages = watch.ReadAllAsync(CancellationToken.None).Select(m => m.Read()).GetAsyncEnumerator();

        var first = messages.MoveNextAsync();

        Assert.True(first.IsCompletedSuccessfully && await first);
        Assert.Equal(world.Now, messages.Current.Heartbeat.Time.ToDateTimeOffset());
        Assert.Equal((0, 0, 1), (messages.Current.Revision, messages.Current.Heartbeat.Revision, messages.Current.Heartbeat.OldestRevision));
        Assert.NotEqual("", messages.Current.ResumeToken);
        Assert.Equal("of acme", Assert.Single(messages.Current.Heartbeat.FactsAges).IntegrationName);
    }

    [Fact]
    public async Task Heartbeats_ComeInTheirInterval_IdleOrNot()
    {
        using var world = Plain();
        await using var live = new LiveWatch(world);
        Assert.NotNull((await live.NextAsync()).Heartbeat);
        for (var i = 0; i < 5; i++)
        {
            world.Time.Advance(TimeSpan.FromMilliseconds(999));
            OpenAndRevoke(world, $"k{i}");
            Assert.NotNull((await live.NextAsync()).SessionRevoked);
            world.Time.Advance(TimeSpan.FromMilliseconds(1));
            var beat = await live.NextAsync();
            Assert.Equal((world.Now, i + 1), (beat.Heartbeat.Time.ToDateTimeOffset(), beat.Heartbeat.Revision));
        }
    }

    [Fact]
    public async Task Ordered_RevisionsGoUpByOne_InTheOrderOfTheDecisions()
    {
        using var world = Plain();
        var connector = await Connector.SubscribedAsync(world);
        for (var i = 0; i < 600; i++)
        {
            OpenAndRevoke(world, $"k{i}");
        }

        var messages = await connector.ReadAsync();

        Assert.Equal(Enumerable.Range(0, 600).Select(i => $"k{i}"), Keys(messages));
        Assert.Equal(Enumerable.Range(1, 600).Select(i => (long)i), messages.Select(m => m.Revision));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(256)]
    public async Task Unique_NothingComesTwice_HoweverOftenOneResumes(int most)
    {
        using var world = Plain();
        var connector = await Connector.SubscribedAsync(world);
        var seen = new List<WatchSessionsResponse>();
        for (var i = 0; i < 300; i++)
        {
            OpenAndRevoke(world, $"k{i}");
            if (i % 10 == 9)
            {
                seen.AddRange(await connector.ReadAsync(most: most));
            }
        }

        List<WatchSessionsResponse> more;
        while ((more = await connector.ReadAsync(most: most)).Count > 0)
        {
            seen.AddRange(more);
        }

        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"k{i}"), Keys(seen));
    }

    [Fact]
    public async Task Reliable_FromAnyRevisionThatIsKept_EverythingAfterItComes()
    {
        using var world = Plain();
        var connector = await Connector.SubscribedAsync(world);
        for (var i = 0; i < 40; i++)
        {
            OpenAndRevoke(world, $"k{i}");
        }

        var all = await connector.ReadAsync();
        foreach (var (message, index) in all.Select((m, i) => (m, i)))
        {
            var late = new Connector(world) { Token = message.ResumeToken };
            Assert.Equal(all.Skip(index + 1), await late.ReadAsync());
        }
    }

    [Fact]
    public async Task Atomic_WhatOneChangeRevokes_IsResumableBetweenAnyTwo_AndNoneIsMissing()
    {
        using var world = new World();
        world.Put(World.Rule("incident", incidentOf: "S1"));
        world.Incidents["S1"].Add("I1");
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        for (var i = 0; i < 20; i++)
        {
            world.Open($"k{i}");
        }

        world.Incidents["S1"].Clear();
        world.Publish();
        var seen = new List<WatchSessionsResponse>();
        for (var i = 0; i < 20; i++)
        {
            seen.Add(Assert.Single(await connector.ReadAsync(most: 1)));
        }

        Assert.Empty(await connector.ReadAsync());
        Assert.Equal(20, seen.Select(m => m.Revision).Distinct().Count());
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"k{i}").Order(), Keys(seen).Order());
    }

    [Fact]
    public async Task Resumable_AWatcherThatComesBack_GetsEverythingAfterItsToken()
    {
        using var world = Plain();
        var connector = await Connector.SubscribedAsync(world);
        OpenAndRevoke(world, "k1");
        Assert.Single(await connector.ReadAsync());
        OpenAndRevoke(world, "k2");
        world.Pass(TimeSpan.FromHours(1), TimeSpan.FromMinutes(1));
        OpenAndRevoke(world, "k3");

        Assert.Equal(["k2", "k3"], Keys(await connector.ReadAsync()));
        Assert.Equal(1, connector.First!.Heartbeat.Revision);
    }

    [Fact]
    public async Task Bookmarkable_AHeartbeatsToken_StandsForEverythingBeforeIt()
    {
        using var world = Plain();
        await using var live = new LiveWatch(world);
        await live.NextAsync();
        OpenAndRevoke(world, "k1");
        Assert.NotNull((await live.NextAsync()).SessionRevoked);
        world.Time.Advance(TimeSpan.FromSeconds(1));
        var beat = await live.NextAsync();
        Assert.Equal(1, beat.Heartbeat.Revision);
        OpenAndRevoke(world, "k2");

        var resumed = new Connector(world) { Token = beat.ResumeToken };
        Assert.Equal(["k2"], Keys(await resumed.ReadAsync()));
    }

    [Fact]
    public async Task WithoutAToken_NothingOfBeforeComes()
    {
        using var world = Plain();
        OpenAndRevoke(world, "k1");

        var connector = new Connector(world);
        Assert.Empty(await connector.ReadAsync());
        OpenAndRevoke(world, "k2");
        Assert.Equal(["k2"], Keys(await connector.ReadAsync()));
    }

    [Fact]
    public async Task SeveralWatchers_SeeTheSame_EachAtItsOwnPace()
    {
        using var world = Plain();
        await using var quick = new LiveWatch(world);
        await using var slow = new LiveWatch(world);
        await quick.NextAsync();
        await slow.NextAsync();
        for (var i = 0; i < 300; i++)
        {
            OpenAndRevoke(world, $"k{i}");
            Assert.Equal($"k{i}", (await quick.NextAsync()).SessionRevoked.SessionKey);
        }

        for (var i = 0; i < 300; i++)
        {
            Assert.Equal($"k{i}", (await slow.NextAsync()).SessionRevoked.SessionKey);
        }
    }

    [Fact]
    public async Task OtherConnectorsAndOrganizations_SeeNothing()
    {
        using var world = Plain();
        var other = await Connector.SubscribedAsync(world, "c2");
        OpenAndRevoke(world, "k1");

        Assert.Empty(await other.ReadAsync());
        using var elsewhere = world.Sessions.Watch("other", World.Connector, "", [], TimeSpan.FromSeconds(1), _ => []);
        await using var messages = elsewhere.ReadAllAsync(CancellationToken.None).Select(m => m.Read()).GetAsyncEnumerator();
        Assert.True(await messages.MoveNextAsync());
        Assert.Equal(0, messages.Current.Revision);
    }
}
