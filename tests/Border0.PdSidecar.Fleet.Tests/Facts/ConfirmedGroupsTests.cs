using Border0.PdSidecar.Fleet.Facts;
using CsCheck;

namespace Border0.PdSidecar.Fleet.Tests.Facts;

public class ConfirmedGroupsTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void FactsOfOneRefresh_AreOneGroup_ThatNamesNothing()
    {
        var group = Assert.Single(ConfirmedGroups.Of(Enumerable.Range(0, 500).Select(i => ($"P{i}", Start.AddMilliseconds(2 * i), (DateTimeOffset?)null))));

        Assert.Empty(group.Ids);
        Assert.Equal(Start, group.AsOf);
    }

    [Fact]
    public void Nothing_IsAGroupOfNothing() => Assert.Equal(DateTimeOffset.MinValue, Assert.Single(ConfirmedGroups.Of([])).AsOf);

    [Fact]
    public void WhatIsOld_IsNamed_WithItsOwnInstant()
    {
        var groups = ConfirmedGroups.Of([("A", Start, null), ("B", Start, null), ("C", Start.AddMinutes(-5), Start.AddHours(1))]);

        Assert.Equal([[], ["C"]], groups.Select(g => g.Ids.ToArray()));
        Assert.Equal([Start, Start.AddMinutes(-5)], groups.Select(g => g.AsOf));
        Assert.Equal([null, Start.AddHours(1)], groups.Select(g => g.KnownUntil));
    }

    [Fact]
    public void NoFact_EverSeemsYoungerThanItIs_NorMuchOlder() => Gen.Int[0, 20_000].Array[1, 60].Sample(ages =>
    {
        var facts = ages.Select((age, i) => (Id: $"P{i}", AsOf: Start.AddMilliseconds(-age), KnownUntil: (DateTimeOffset?)Start.AddMilliseconds(-age).AddHours(12))).ToList();
        var groups = ConfirmedGroups.Of(facts);
        foreach (var fact in facts)
        {
            var group = groups.Skip(1).SingleOrDefault(g => g.Ids.Contains(fact.Id)) ?? groups[0];
            Assert.InRange(fact.AsOf - group.AsOf, TimeSpan.Zero, ConfirmedGroups.Tolerance);
            Assert.True(group.KnownUntil <= fact.KnownUntil);
        }
    });
}
