using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Feeds;

namespace Border0.PdSidecar.Fleet.Tests;

public class FleetKeysTests
{
    [Fact]
    public void Keys_AreReadAsTheyWereWritten_WhateverIsInThem()
    {
        var integration = new IntegrationKey("a/b c%2F", "pd");

        Assert.True(FleetKeys.TryRead(FleetKeys.Service(integration, "0a1b", "P/1"), FleetKeys.Facts, out var read, out var rest));
        Assert.Equal(integration, read);
        Assert.Equal(["0a1b", "service", "P/1"], rest);
        Assert.True(FleetKeys.TryRead(FleetKeys.Confirmed(integration, "0a1b", RefreshKind.OnCall), FleetKeys.Facts, out _, out rest));
        Assert.Equal(["0a1b", "confirmed", "OnCall"], rest);
    }

    [Theory]
    [InlineData("fleet/members/x")]
    [InlineData("fleet/facts/x")]
    [InlineData("fleet/facts//x")]
    public void WhatIsNoneOfThese_IsNotRead(string key) => Assert.False(FleetKeys.TryRead(key, FleetKeys.Facts, out _, out _));

    [Fact]
    public void OneIntegrationsFacts_AreNotUnderAnothersPrefix() =>
        Assert.False(FleetKeys.Service(new("acme", "pd-2"), "0", "P1").StartsWith(FleetKeys.FactsOf(new("acme", "pd")), StringComparison.Ordinal));
}
