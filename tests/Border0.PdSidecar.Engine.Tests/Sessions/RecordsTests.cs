using System.Net;
using Border0.PdSidecar.Engine.Sessions;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>What is told and what is kept of an open session.</summary>
public class RecordsTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("2001:db8::1", "2001:db8::1")]
    public async Task TheClientsAddress_IsListedAndKept_OrEmpty(string? address, string told)
    {
        var journal = new MemorySessionJournal();
        using var world = new World(journal: journal);
        world.Put(World.Rule("plain"));
        Assert.True(world.Sessions.Evaluate(World.Request() with { ClientAddress = address is null ? null : IPAddress.Parse(address) }, World.Connector, "k1").Allowed);

        Assert.Equal(told, world.Listed("k1").ClientIp);
        Assert.Equal(told, Assert.Single((await journal.LoadAsync(default)).Sessions).Request.ClientIp);
    }

    [Fact]
    public void TheKnownEnd_IsListed_AndInItsGraceTheGracesEnd_WithWhyItEnds()
    {
        using var world = new World();
        world.Put(World.Rule("shift", onCallFor: "S1", also: p => p.RevocationGrace = Duration.FromTimeSpan(TimeSpan.FromMinutes(10))));
        var end = world.Now.AddHours(2);
        world.Shifts["S1"].Add(World.Shift(World.Alice, null, end));
        world.Publish();
        world.Open("k1");
        var listed = world.Listed("k1");
        Assert.Equal((end, null), (listed.ValidUntil.ToDateTimeOffset(), listed.GraceUntil));
        Assert.Equal(["shift"], listed.PolicyNames);

        world.Shifts["S1"].Clear();
        world.Publish();

        listed = world.Listed("k1");
        var grace = world.Now.AddMinutes(10);
        Assert.Equal((grace, grace), (listed.ValidUntil.ToDateTimeOffset(), listed.GraceUntil.ToDateTimeOffset()));
        var reason = Assert.Single(listed.Reasons);
        Assert.Equal("shift", reason.PolicyName);
        Assert.NotEmpty(reason.Condition);
        Assert.Contains(World.Alice, reason.Message, StringComparison.Ordinal);
    }
}
