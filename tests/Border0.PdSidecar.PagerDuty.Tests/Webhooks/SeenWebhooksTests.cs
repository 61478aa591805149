using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.PagerDuty.Tests.Webhooks;

public sealed class SeenWebhooksTests : IDisposable
{
    private static readonly IntegrationKey Pd = new("default", "pd");
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 6, 15, 12, 0, 0, TimeSpan.Zero));
    private readonly SeenWebhooks _seen;

    public SeenWebhooksTests() => _seen = new SeenWebhooks(_time);

    public void Dispose() => _seen.Dispose();

    [Fact]
    public void TheSameDelivery_AndTheSameEvent_AreNewOnce()
    {
        Assert.True(_seen.IsNew(Pd, "W1", "E1"));
        Assert.False(_seen.IsNew(Pd, "W1", "E1"));
        Assert.False(_seen.IsNew(Pd, "W1", "E2"));
        Assert.False(_seen.IsNew(Pd, "W2", "E1"));
    }

    [Fact]
    public void BothIdsOfADuplicate_AreRemembered()
    {
        _seen.IsNew(Pd, "W1", "E1");
        Assert.False(_seen.IsNew(Pd, "W1", "E2"));
        Assert.False(_seen.IsNew(Pd, "W2", "E1"));

        Assert.False(_seen.IsNew(Pd, "W3", "E2"));
        Assert.False(_seen.IsNew(Pd, "W2", "E3"));
    }

    [Fact]
    public void ADeliverysIdAndAnEventsId_AreNotTakenForEachOther()
    {
        Assert.True(_seen.IsNew(Pd, "1", "2"));
        Assert.True(_seen.IsNew(Pd, "2", "1"));
    }

    [Fact]
    public void AnotherIntegrationsDelivery_IsAnother()
    {
        Assert.True(_seen.IsNew(Pd, "W1", "E1"));
        Assert.True(_seen.IsNew(new IntegrationKey("default", "other"), "W1", "E1"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void IdsThatAreMissing_SayNothing(string? id)
    {
        Assert.True(_seen.IsNew(Pd, id, ""));
        Assert.True(_seen.IsNew(Pd, id, ""));
        Assert.True(_seen.IsNew(Pd, id, "E1"));
        Assert.False(_seen.IsNew(Pd, id, "E1"));
    }

    [Fact]
    public void ADelivery_IsRememberedAsLongAsPagerDutyMayRepeatIt()
    {
        _seen.IsNew(Pd, "W1", "E1");
        _time.Advance(TimeSpan.FromHours(48) + TimeSpan.FromMinutes(59));
        Assert.False(_seen.IsNew(Pd, "W1", "E1"));
        _time.Advance(TimeSpan.FromMinutes(2));

        Assert.True(_seen.IsNew(Pd, "W1", "E1"));
    }

    [Fact]
    public void WhatIsRemembered_IsBounded()
    {
        using var few = new SeenWebhooks(_time, capacity: 10);
        for (var i = 0; i < 1000; i++)
        {
            few.IsNew(Pd, "", $"E{i}");
        }

        Assert.InRange(Enumerable.Range(0, 1000).Count(i => !few.IsNew(Pd, "", $"E{i}")), 0, 10);
    }
}
