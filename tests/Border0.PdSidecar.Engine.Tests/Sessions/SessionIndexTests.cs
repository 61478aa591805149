using Border0.PdSidecar.Engine.Sessions;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

public class SessionIndexTests
{
    private readonly SessionIndex _index = new();

    [Fact]
    public void ASession_IsFoundByTheServicesOfItsLastDecision_AndByNoOther()
    {
        var (one, other) = (Session("s1"), Session("s2"));
        _index.Put(one, [Service("A"), Service("B")]);
        _index.Put(other, [Service("B")]);
        Assert.Equal([one], _index.Of(Service("A")));
        Assert.Equal([one, other], _index.Of(Service("B")).OrderBy(s => s.SessionKey));

        _index.Put(one, [Service("B"), Service("C")]);
        Assert.Empty(_index.Of(Service("A")));
        Assert.Equal([one], _index.Of(Service("C")));

        _index.Remove(one);
        Assert.Equal([other], _index.Of(Service("B")));
        Assert.Empty(_index.Of(Service("C")));
        Assert.Empty(one.Services);
        Assert.Empty(_index.Of(Service("never named")));
    }

    [Fact]
    public void SessionsThatDependOnTheSame_ShareTheList()
    {
        var (one, two, three) = (Session("s1"), Session("s2"), Session("s3"));
        _index.Put(one, [Service("A")]);
        _index.Put(two, [Service("A")]);
        _index.Put(three, [Service("B")]);

        Assert.Same(one.Services, two.Services);
        Assert.Equal([Service("B")], three.Services);
    }

    [Fact]
    public void WhatWasNeverIndexed_MayBeRemoved()
    {
        var session = Session("s1");
        session.Services = [Service("A")];

        _index.Remove(session);

        Assert.Empty(session.Services);
        Assert.Empty(_index.Of(Service("A")));
    }

    private static ServiceKey Service(string id) => new(World.Integration, id);

    private static OpenSession Session(string key) => LooseSession.Of(World.Connector, key, World.Start);
}
