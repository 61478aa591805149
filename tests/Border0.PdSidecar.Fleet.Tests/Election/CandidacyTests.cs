using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Fleet.Election;

namespace Border0.PdSidecar.Fleet.Tests.Election;

public class CandidacyTests
{
    private static readonly IntegrationKey Integration = new("acme", "pd");
    private static readonly FleetOptions Options = new();
    private static readonly IReadOnlyList<string> Order = Rendezvous.Order(["a", "b", "c", "d", "e", "f", "g", "h", "i"], Integration);
    private static readonly TimeSpan Now = TimeSpan.FromMinutes(10);

    [Fact]
    public void TheFirstChoice_TakesWhatNobodyPolls_AtOnce() => Assert.Equal(Step.Campaign, Decide(Order[0], null, vacant: Now).Step);

    [Fact]
    public void TheOthers_StandBy_EachALittleLonger()
    {
        Assert.Equal(new Candidacy.Plan(Step.Wait, Now + Options.StandbyDelay), Decide(Order[1], null, vacant: Now));
        Assert.Equal(new Candidacy.Plan(Step.Wait, Now + (2 * Options.StandbyDelay)), Decide(Order[2], null, vacant: Now));
        Assert.Equal(new Candidacy.Plan(Step.Wait, Now + Options.LongestStandbyDelay), Decide(Order[8], null, vacant: Now));
        Assert.Equal(Step.Campaign, Decide(Order[8], null, vacant: Now - Options.LongestStandbyDelay).Step);
    }

    [Fact]
    public void WhatAnotherPolls_IsLeftToIt() => Assert.Equal(new Candidacy.Plan(Step.Wait, null), Decide(Order[0], Order[1], vacant: default));

    [Fact]
    public void TheBestChoice_KeepsWhatItPolls() => Assert.Equal(new Candidacy.Plan(Step.Wait, null), Decide(Order[0], Order[0], vacant: default));

    [Fact]
    public void ABetterChoice_GetsIt_OnceItHasStayed()
    {
        var since = Now - Options.RebalanceAfter;

        Assert.Equal(new Candidacy.Plan(Step.Wait, since + TimeSpan.FromSeconds(1) + Options.RebalanceAfter), Decide(Order[1], Order[1], default, bestSince: since + TimeSpan.FromSeconds(1)));
        Assert.Equal(Step.HandOver, Decide(Order[1], Order[1], default, bestSince: since).Step);
    }

    [Fact]
    public void OneAtATime_IsHandedOver()
    {
        var justNow = Now - (Options.RebalanceInterval / 2);

        Assert.Equal(new Candidacy.Plan(Step.Wait, justNow + Options.RebalanceInterval), Decide(Order[1], Order[1], default, handedOver: justNow));
    }

    private static Candidacy.Plan Decide(string me, string? poller, TimeSpan vacant, TimeSpan bestSince = default, TimeSpan? handedOver = null) =>
        Candidacy.Decide(me, Integration, Order.ToDictionary(m => m, m => m == Order[0] ? bestSince : TimeSpan.Zero), poller, vacant, handedOver, Now, Options);
}
