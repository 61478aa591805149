namespace Border0.PdSidecar.Engine.Tests.Sessions;

public class ListingTests
{
    private static World WithSessions()
    {
        var world = new World();
        world.Put(World.Rule("everywhere", also: p => p.OrgWide = true));
        foreach (var (connector, key, user, socket) in ((string, string, string, string)[])
            [("c2", "a", World.Alice, "db-1"), ("c1", "z", World.Alice, "db-2"), ("c1", "B", World.Bob, "db-1"), ("c1", "b", World.Alice, "db-1"), ("c10", "k", World.Bob, "db-2")])
        {
            world.Open(key, user, connector, socket);
        }

        return world;
    }

    private static string List(World world, string connector = "", string socket = "", string user = "", (string, string)? after = null, int most = 100) => string.Join(
        " ", world.Sessions.List(World.Organization, connector, socket, user, after ?? ("", ""), most).Select(s => $"{s.ConnectorId}/{s.SessionKey}"));

    [Fact]
    public void Sessions_AreOrderedByConnector_ThenKey_ByteByByte()
    {
        using var world = WithSessions();

        Assert.Equal("c1/B c1/b c1/z c10/k c2/a", List(world));
    }

    [Theory]
    [InlineData("c1", "", "", "c1/B c1/b c1/z")]
    [InlineData("", "db-2", "", "c1/z c10/k")]
    [InlineData("", "", "BOB@example.com", "c1/B c10/k")]
    [InlineData("c1", "db-1", World.Alice, "c1/b")]
    [InlineData("c3", "", "", "")]
    public void Filters_AllHaveToMatch(string connector, string socket, string user, string listed)
    {
        using var world = WithSessions();

        Assert.Equal(listed, List(world, connector, socket, user));
    }

    [Fact]
    public void Pages_TogetherAreTheWholeList_AlsoWhenSessionsEndInBetween()
    {
        using var world = WithSessions();

        Assert.Equal("c1/B c1/b", List(world, most: 2));
        world.Sessions.End(World.Organization, "c1", "b");
        Assert.Equal("c1/z c10/k", List(world, after: ("c1", "b"), most: 2));
        Assert.Equal("c2/a", List(world, after: ("c10", "k"), most: 2));
        Assert.Equal("", List(world, after: ("c2", "a"), most: 2));
    }

    [Fact]
    public void AnotherOrganization_SeesNone()
    {
        using var world = WithSessions();

        Assert.Empty(world.Sessions.List("other", "", "", "", ("", ""), 100));
    }
}
