using Border0.PdSidecar.Engine.Facts;

namespace Border0.PdSidecar.Engine.Tests.Facts;

public class FactsStoreTests
{
    private static readonly DateTimeOffset Then = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly IntegrationKey One = new("acme", "One");
    private static readonly IntegrationKey Two = new("acme", "Two");

    private static ServiceFacts Service(string id, string? policy = null, DateTimeOffset? asOf = null) =>
        new() { Id = id, Exists = true, Name = id, EscalationPolicyId = policy, AsOf = asOf ?? Then };

    private static IncidentFacts Incidents(string service, params string[] open) =>
        new() { ServiceId = service, Open = [.. open.Select(i => new OpenIncident { Id = i })], AsOf = Then };

    private static EscalationPolicyFacts OnCall(string id, DateTimeOffset? asOf = null, params string[] users) => new()
    {
        Id = id,
        Name = id,
        Shifts = [.. users.Select(u => new OnCallShift(new PagerDutyUser(u, u, u + "@example.com"), 1, null, null, null))],
        AsOf = asOf ?? Then,
        KnownUntil = (asOf ?? Then).AddHours(8),
    };

    private static IEnumerable<string> Changed(FactsStore store, FactsUpdate update) => store.Apply(One, update).ServiceIds.Order();

    [Fact]
    public void NothingIsKnown_AtFirst()
    {
        var facts = new FactsStore().Current.Of(One);

        Assert.Empty(facts.Services);
        Assert.Empty(facts.Incidents);
        Assert.Empty(facts.EscalationPolicies);
        Assert.False(facts.Unauthorized);
    }

    [Fact]
    public void ASnapshot_StaysAsItWas_WhenTheNextIsPutIn()
    {
        var store = new FactsStore();
        store.Apply(One, new FactsUpdate { Incidents = [Incidents("S1", "I1")] });
        var before = store.Current;
        store.Apply(One, new FactsUpdate { Incidents = [Incidents("S1"), Incidents("S2")] });

        Assert.Single(before.Of(One).Incidents["S1"].Open);
        Assert.Empty(store.Current.Of(One).Incidents["S1"].Open);
        Assert.True(store.Current.Revision > before.Revision);
    }

    [Fact]
    public void WhatIsNotMentioned_Stays()
    {
        var store = new FactsStore();
        store.Apply(One, new FactsUpdate { Services = [Service("S1", "P1")], Incidents = [Incidents("S1", "I1")], EscalationPolicies = [OnCall("P1")] });
        store.Apply(One, new FactsUpdate { Services = [Service("S2")], Unauthorized = true });
        store.Apply(One, new FactsUpdate { Incidents = [Incidents("S2")] });

        var facts = store.Current.Of(One);
        Assert.Equal(["S1", "S2"], facts.Services.Keys.Order());
        Assert.Equal("I1", Assert.Single(facts.Incidents["S1"].Open).Id);
        Assert.Equal(["P1"], facts.EscalationPolicies.Keys);
        Assert.True(facts.Unauthorized);
    }

    [Fact]
    public void IntegrationsAreApart_AndTheirNamesAreComparedWithoutCase()
    {
        var store = new FactsStore();
        store.Apply(One, new FactsUpdate { Incidents = [Incidents("S1", "I1")] });
        store.Apply(Two, new FactsUpdate { Incidents = [Incidents("S1")] });

        Assert.Single(store.Current.Of(new IntegrationKey("acme", "oNE")).Incidents["S1"].Open);
        Assert.Empty(store.Current.Of(Two).Incidents["S1"].Open);
        Assert.Empty(store.Current.Of(new IntegrationKey("other", "One")).Incidents);
    }

    [Fact]
    public void TheSameAgain_ChangesNothing_ButTheAge()
    {
        var store = new FactsStore();
        var later = Then.AddSeconds(5);
        var raised = 0;
        store.Apply(One, new FactsUpdate { Services = [Service("S1", "P1")], Incidents = [Incidents("S1", "I1")], EscalationPolicies = [OnCall("P1", null, "alice")] });
        store.Changed += _ => raised++;

        Assert.Empty(Changed(store, new FactsUpdate
        {
            Services = [Service("S1", "P1", later)],
            Incidents = [Incidents("S1", "I1") with { AsOf = later, ChangedAt = later }],
            EscalationPolicies = [OnCall("P1", later, "alice")],
        }));
        Assert.Equal(0, raised);
        Assert.Equal(later, store.Current.Of(One).Services["S1"].AsOf);
        Assert.Equal(later, store.Current.Of(One).Incidents["S1"].AsOf);
        Assert.Equal(later, store.Current.Of(One).EscalationPolicies["P1"].AsOf);
    }

    [Fact]
    public void Changes_NameTheServicesConcerned_AndNoOthers()
    {
        var store = new FactsStore();
        store.Apply(One, new FactsUpdate
        {
            Services = [Service("S1", "P1"), Service("S2", "P1"), Service("S3", "P2"), Service("S4")],
            Incidents = [Incidents("S1"), Incidents("S2", "I2")],
            EscalationPolicies = [OnCall("P1", null, "alice"), OnCall("P2", null, "bob")],
        });

        Assert.Equal(["S1"], Changed(store, new FactsUpdate { Incidents = [Incidents("S1", "I1"), Incidents("S2", "I2")] }));
        Assert.Equal(["S2"], Changed(store, new FactsUpdate { Incidents = [Incidents("S2", "I3")] }));
        Assert.Equal(["S1", "S2"], Changed(store, new FactsUpdate { EscalationPolicies = [OnCall("P1", null, "carol"), OnCall("P2", null, "bob")] }));
        Assert.Equal(["S3"], Changed(store, new FactsUpdate { Services = [Service("S3", "P1"), Service("S4")] }));
        Assert.Equal(["S4"], Changed(store, new FactsUpdate { Services = [new ServiceFacts { Id = "S4", Exists = false, Name = "S4", AsOf = Then }] }));
        Assert.Equal(["S5"], Changed(store, new FactsUpdate { Services = [Service("S5")] }));
        Assert.Empty(Changed(store, new FactsUpdate { Unauthorized = true }));
    }

    [Fact]
    public void AServiceThatMovesToAPolicy_WhichChangesInTheSameUpdate_IsNamedOnce()
    {
        var store = new FactsStore();
        store.Apply(One, new FactsUpdate { Services = [Service("S1", "P1")] });

        Assert.Equal(["S1"], Changed(store, new FactsUpdate { Services = [Service("S1", "P2")], EscalationPolicies = [OnCall("P2", null, "alice")] }));
    }

    [Fact]
    public void AnAcknowledgement_IsAChange()
    {
        var store = new FactsStore();
        store.Apply(One, new FactsUpdate { Incidents = [Incidents("S1", "I1")] });
        var acknowledged = Incidents("S1") with { Open = [new OpenIncident { Id = "I1", Acknowledged = true, Acknowledgers = [new PagerDutyUser("U1", "A", "a@b")] }] };

        Assert.Equal(["S1"], Changed(store, new FactsUpdate { Incidents = [acknowledged] }));
        Assert.Empty(Changed(store, new FactsUpdate { Incidents = [acknowledged with { Open = [.. acknowledged.Open.Select(i => i with { Acknowledgers = [.. i.Acknowledgers] })] }] }));
    }

    [Fact]
    public void Forgotten_TakesServicesWithTheirIncidents_AndPolicies()
    {
        var store = new FactsStore();
        store.Apply(One, new FactsUpdate
        {
            Services = [Service("S1", "P1"), Service("S2", "P2")],
            Incidents = [Incidents("S1"), Incidents("S2")],
            EscalationPolicies = [OnCall("P1"), OnCall("P2")],
        });

        Assert.Equal(["S1", "S2"], Changed(store, new FactsUpdate { ForgottenServices = ["S1"], ForgottenEscalationPolicies = ["P2"] }));
        var facts = store.Current.Of(One);
        Assert.Equal(["S2"], facts.Services.Keys);
        Assert.Equal(["S2"], facts.Incidents.Keys);
        Assert.Equal(["P1"], facts.EscalationPolicies.Keys);
    }

    [Fact]
    public void ForgettingAnIntegration_NamesAllThatWasKnown_Once()
    {
        var store = new FactsStore();
        var changes = new List<FactsChange>();
        store.Apply(One, new FactsUpdate { Services = [Service("S1")], Incidents = [Incidents("S2")] });
        store.Changed += changes.Add;
        store.Forget(One);
        store.Forget(One);
        store.Forget(Two);

        Assert.Equal(["S1", "S2"], Assert.Single(changes).ServiceIds.Order());
        Assert.Empty(store.Current.Of(One).Services);
    }

    [Fact]
    public void AHandler_SeesTheSnapshotThatItIsToldOf()
    {
        var store = new FactsStore();
        var seen = -1;
        store.Changed += c => seen = store.Current.Of(c.Integration).Incidents["S1"].Open.Length;
        store.Apply(One, new FactsUpdate { Incidents = [Incidents("S1", "I1", "I2")] });

        Assert.Equal(2, seen);
    }

    [Fact]
    public void AnUpdateThatIsNull_ChangesNothing()
    {
        var store = new FactsStore();
        var before = store.Current;

        Assert.Empty(store.Apply(One, _ => null).ServiceIds);
        Assert.Same(before, store.Current);
    }

    [Fact]
    public void WritersOnManyThreads_LoseNothingOfEachOther()
    {
        var store = new FactsStore();
        var raised = 0;
        store.Changed += c => Interlocked.Add(ref raised, c.ServiceIds.Count);

        Parallel.For(0, 1_000, i => store.Apply(One, known => new FactsUpdate
        {
            Incidents = [Incidents("S", [.. known.Incidents.TryGetValue("S", out var s) ? s.Open.Select(o => o.Id) : [], $"I{i}"])],
            Services = [Service($"S{i % 100}")],
        }));

        Assert.Equal(1_000, store.Current.Of(One).Incidents["S"].Open.Length);
        Assert.Equal(100, store.Current.Of(One).Services.Count);
        Assert.Equal(1_100, raised);
        Assert.Equal(1_000, store.Current.Revision);
    }
}
