using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Fleet.Facts;
using Border0.PdSidecar.Storage.Etcd.Connection;

namespace Border0.PdSidecar.Fleet.Tests.Facts;

public class IntegrationMirrorTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void WhatAReplacedPollerWrites_IsNotTaken()
    {
        var mirror = new IntegrationMirror();
        Assert.True(Take(mirror, "old", token: 5));
        mirror.Fence(9);

        Assert.False(Take(mirror, "late", token: 5));
        Assert.Equal("old", mirror.Published.Services["P1"].Value.Service!.Name);
        Assert.True(Take(mirror, "new", token: 9));
        Assert.Equal("new", mirror.Published.Services["P1"].Value.Service!.Name);
    }

    [Fact]
    public void WhatAnEarlierPollerWrote_StandsInAListing()
    {
        var mirror = new IntegrationMirror();
        mirror.Fence(9);
        mirror.Begin();

        Assert.True(Take(mirror, "old", token: 5, isLive: false));
        mirror.Fence(9);
        Assert.False(Take(mirror, "late", token: 5));
        Assert.Equal("old", mirror.Published.Services["P1"].Value.Service!.Name);
    }

    [Fact]
    public void ACluster_ThatWasRestored_CountsAnew()
    {
        var mirror = new IntegrationMirror();
        mirror.Fence(900);
        mirror.Begin();

        Assert.True(Take(mirror, "restored", token: 5, isLive: false));
        Assert.True(Take(mirror, "new", token: 7));
    }

    [Fact]
    public void WhatIsNoValue_IsNotTaken_AndChangesNothing()
    {
        var mirror = new IntegrationMirror();
        Assert.True(Take(mirror, "old", token: 5));

        Assert.False(mirror.Take(["service", "P1"], Record(Google.Protobuf.ByteString.CopyFromUtf8("nothing of the kind")), isLive: true, Start));
        Assert.False(mirror.Take(["service"], Record(Value("x", 7)), isLive: true, Start));
        Assert.False(mirror.Take(["confirmed", "Weather"], Record(Value("x", 7)), isLive: true, Start));
        Assert.False(mirror.Take(["confirmed", "7"], Record(Value("x", 7)), isLive: true, Start));
        Assert.Equal("old", mirror.Published.Services["P1"].Value.Service!.Name);
    }

    private static bool Take(IntegrationMirror mirror, string name, long token, bool isLive = true) =>
        mirror.Take(["service", "P1"], Record(Value(name, token)), isLive, Start);

    private static Google.Protobuf.ByteString Value(string name, long token) =>
        FactsValue.Write(new PublishedService(new ServiceFacts { Id = "P1", Exists = true, Name = name, AsOf = Start }, null), token);

    private static EtcdRecord Record(Google.Protobuf.ByteString value) => new("", value, 1, 1, 1, 0);
}
