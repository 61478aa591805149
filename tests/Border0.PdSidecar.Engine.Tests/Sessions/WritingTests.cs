using System.Net;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Sessions;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>What of a session is written, and what is not written again.</summary>
public class WritingTests
{
    private static readonly AccessRequest First = World.Request(groups: ["a"], tags: new() { ["env"] = "prod" }) with
    {
        ClientAddress = IPAddress.Parse("192.0.2.1"),
        ClientCountry = "DE",
    };

    public static TheoryData<string> Changes => ["type", "country", "address", "group", "groups", "tag", "tags", "another tag", "no tags", "no groups"];

    [Fact]
    public void TheSameQuestionAgain_WritesNothing()
    {
        var journal = new CountingJournal();
        using var world = Plain(journal);
        world.Sessions.Evaluate(First, World.Connector, "k1");
        var written = journal.Entries.Count;

        world.Sessions.Evaluate(First with { Groups = ["a"], SocketTags = new Dictionary<string, string> { ["env"] = "prod" }, ClientAddress = IPAddress.Parse("192.0.2.1") }, World.Connector, "k1");

        Assert.Equal(written, journal.Entries.Count);
    }

    [Fact]
    public void AQuestionWithoutGroupsAndTags_IsTheSameAsOneWithNone()
    {
        var journal = new CountingJournal();
        using var world = Plain(journal);
        world.Sessions.Evaluate(World.Request(), World.Connector, "k1");
        var written = journal.Entries.Count;

        world.Sessions.Evaluate(World.Request(groups: [], tags: []), World.Connector, "k1");

        Assert.Equal(written, journal.Entries.Count);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void AnotherQuestionForTheSameSession_IsWritten(string change)
    {
        var journal = new CountingJournal();
        using var world = Plain(journal);
        world.Sessions.Evaluate(First, World.Connector, "k1");
        var written = journal.Entries.Count;
        var second = change switch
        {
            "type" => First with { SocketType = "ssh" },
            "country" => First with { ClientCountry = "FR" },
            "address" => First with { ClientAddress = IPAddress.Parse("192.0.2.2") },
            "group" => First with { Groups = ["b"] },
            "groups" => First with { Groups = ["a", "b"] },
            "tag" => First with { SocketTags = new Dictionary<string, string> { ["env"] = "dev" } },
            "tags" => First with { SocketTags = new Dictionary<string, string> { ["env"] = "prod", ["team"] = "pay" } },
            "another tag" => First with { SocketTags = new Dictionary<string, string> { ["team"] = "prod" } },
            "no tags" => First with { SocketTags = null },
            _ => First with { Groups = null },
        };

        Assert.True(world.Sessions.Evaluate(second, World.Connector, "k1").Allowed);

        var put = Assert.IsType<JournalEntry.SessionPut>(Assert.Single(journal.Entries.Skip(written)));
        Assert.Equal(second.SocketType, put.Session.Request.SocketType);
        Assert.Equal(second.ClientCountry, put.Session.Request.ClientCountry);
        Assert.Equal(second.Groups ?? [], put.Session.Request.Groups);
        Assert.Equal(second.SocketTags?.Count ?? 0, put.Session.Request.SocketTags.Count);
    }

    [Fact]
    public void EndSession_IsWrittenOnce()
    {
        var journal = new CountingJournal();
        using var world = Plain(journal);
        world.Open("k1");
        var written = journal.Entries.Count;

        Assert.True(world.Sessions.End(World.Organization, World.Connector, "k1"));
        Assert.False(world.Sessions.End(World.Organization, World.Connector, "k1"));

        Assert.Equal(new JournalEntry.SessionRemoved(World.Organization, "k1", null), Assert.Single(journal.Entries.Skip(written)));
    }

    private static World Plain(CountingJournal journal)
    {
        var world = new World(journal: journal);
        world.Put(World.Rule("plain", also: p =>
        {
            // The same for every type, so that nothing but the question changes.
            p.Actions.Clear();
            p.Actions["*"] = new() { Values = { "read" } };
        }));
        return world;
    }
}
