using System.Buffers.Text;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

public class ResumeTokenTests
{
    private static World Plain(SessionOptions? options = null)
    {
        var world = new World(options);
        world.Put(World.Rule("plain"));
        return world;
    }

    private static void Revoke(World world, params string[] keys)
    {
        foreach (var key in keys)
        {
            world.Open(key);
            world.Sessions.Revoke(World.Organization, "", key, "test");
        }
    }

    private static async Task<WatchSessionsResponse> ResyncAsync(World world, string token, string connector = World.Connector)
    {
        var resumed = new Connector(world, connector) { Token = token };
        var only = Assert.Single(await resumed.ReadAsync());
        Assert.Same(only, resumed.First);
        Assert.NotNull(only.ResyncRequired);
        return only;
    }

    [Fact]
    public async Task OfAnotherEpoch_MustResync()
    {
        using var other = Plain();
        using var world = Plain();
        var elsewhere = await Connector.SubscribedAsync(other);
        Revoke(world, "k1");

        Assert.Contains("another history", (await ResyncAsync(world, elsewhere.Token)).ResyncRequired.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OfAnotherConnector_MustResync()
    {
        using var world = Plain();
        var other = await Connector.SubscribedAsync(world, "c2");

        await ResyncAsync(world, other.Token);
    }

    [Fact]
    public async Task OfAnotherOrganization_MustResync()
    {
        using var world = Plain();
        using var watch = world.Sessions.Watch("other", World.Connector, "", [], TimeSpan.FromSeconds(1), _ => []);
        await using var messages = watch.ReadAllAsync(CancellationToken.None).Select(m => m.Read()).GetAsyncEnumerator();
        await messages.MoveNextAsync();

        await ResyncAsync(world, messages.Current.ResumeToken);
    }

    [Fact]
    public async Task AheadOfTheLog_MustResync()
    {
        var journal = new HeldJournal();
        using var world = new World(journal: journal);
        world.Put(World.Rule("plain"));
        Revoke(world, "k1", "k2");
        journal.LetThrough();
        var connector = await Connector.SubscribedAsync(world);
        Assert.True(ResumeToken.TryParse(connector.Token, out var token));

        await ResyncAsync(world, (token with { Revision = 3 }).ToString());
        Revoke(world, "k3");
        await ResyncAsync(world, (token with { Revision = 3 }).ToString());
    }

    [Fact]
    public async Task TooOld_ByCount_MustResync_AndTheOldestThatIsKept_NeedNot()
    {
        using var world = Plain(new SessionOptions { MaxEventsPerConnector = 3 });
        var connector = await Connector.SubscribedAsync(world);
        Revoke(world, "k1");
        var atOne = (await connector.ReadAsync())[0].ResumeToken;
        Revoke(world, "k2");
        var atTwo = (await connector.ReadAsync())[0].ResumeToken;
        Revoke(world, "k3", "k4", "k5");

        var resync = await ResyncAsync(world, atOne);
        Assert.Contains("too old", resync.ResyncRequired.Reason, StringComparison.Ordinal);
        Assert.Equal(3, resync.ResyncRequired.OldestRevision);
        var resumed = new Connector(world) { Token = atTwo };
        Assert.Equal(["k3", "k4", "k5"], (await resumed.RevokedAsync()).Select(r => r.SessionKey));
    }

    [Fact]
    public async Task TooOld_ByTime_MustResync()
    {
        using var world = Plain(new SessionOptions { EventRetention = TimeSpan.FromHours(1) });
        var connector = await Connector.SubscribedAsync(world);
        var before = connector.Token;
        Revoke(world, "k1");
        world.Pass(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        Revoke(world, "k2");

        await ResyncAsync(world, before);
    }

    [Fact]
    public async Task OfAnEmptiedLog_GoesOn_WhereNothingWasMissed()
    {
        using var world = Plain(new SessionOptions { MaxEventsPerConnector = 1 });
        var connector = await Connector.SubscribedAsync(world);
        Revoke(world, "k1", "k2");
        connector.Token = (await ResyncAsync(world, connector.Token)).ResumeToken;
        Revoke(world, "k3");

        Assert.Equal("k3", (await connector.RevokedOnceAsync()).SessionKey);
    }

    [Fact]
    public async Task AResync_EndsTheStream_AndAdoptsNobody()
    {
        using var other = Plain();
        using var world = new World();
        var elsewhere = await Connector.SubscribedAsync(other);
        var connector = new Connector(world) { Token = elsewhere.Token };

        Assert.NotNull(Assert.Single(await connector.ReadAsync([new("k1", World.Request(), null)])).ResyncRequired);
        Assert.Equal(0, world.Sessions.Count);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("x", false)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false)]
    [InlineData("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", false)]
    [InlineData("ëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëëë", false)]
    public void Garbage_IsNoToken(string text, bool isToken) => Assert.Equal(isToken, SessionRegistry.IsToken(text));

    [Fact]
    public void EveryMangledToken_IsNoToken()
    {
        var text = new ResumeToken(Guid.Parse("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"), 0xdeadbeef, 1234567).ToString();
        Assert.True(SessionRegistry.IsToken(text));
        Assert.False(SessionRegistry.IsToken(text[1..]));
        Assert.False(SessionRegistry.IsToken(text + "A"));
        Assert.False(SessionRegistry.IsToken(" " + text[1..]));
        var bytes = Base64Url.DecodeFromChars(text);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var mangled = bytes.ToArray();
            mangled[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(SessionRegistry.IsToken(Base64Url.EncodeToString(mangled)), $"bit {bit}");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(long.MaxValue)]
    public void AToken_ReadsBackAsItWasWritten(long revision)
    {
        var token = new ResumeToken(Guid.NewGuid(), ResumeToken.LogOf("acme", "c1"), revision);

        Assert.True(ResumeToken.TryParse(token.ToString(), out var read));
        Assert.Equal(token, read);
    }

    [Fact]
    public void NegativeRevisions_AreNone() =>
        Assert.False(ResumeToken.TryParse(new ResumeToken(Guid.NewGuid(), 1, -1).ToString(), out _));
}
