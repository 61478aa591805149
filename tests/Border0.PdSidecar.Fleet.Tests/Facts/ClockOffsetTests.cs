using Border0.PdSidecar.Fleet.Facts;

namespace Border0.PdSidecar.Fleet.Tests.Facts;

public class ClockOffsetTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void BeforeAnythingArrived_NothingIsTakenBack() => Assert.Equal(TimeSpan.Zero, new ClockOffset().Shift);

    [Fact]
    public void AClockThatIsBehind_TakesInstantsBack_ByTheFastestDelivery()
    {
        var offset = new ClockOffset();
        Observe(offset, 1, behind: 3, delays: [0.5, 0.01, 2]);

        Assert.Equal(-2.99, offset.Shift.TotalSeconds, 3);
    }

    [Fact]
    public void AClockThatIsAhead_TakesNothingBack_SoThatFactsSeemOlder()
    {
        var offset = new ClockOffset();
        Observe(offset, 1, behind: -3, delays: [0.5, 0.01]);

        Assert.Equal(TimeSpan.Zero, offset.Shift);
        Assert.Equal(3.01, offset.Least!.Value.TotalSeconds, 3);
    }

    [Fact]
    public void ALateDelivery_DoesNotHideAClockThatIsBehind()
    {
        var offset = new ClockOffset();
        Observe(offset, 1, behind: 3, delays: [0.01, 50, 50]);

        Assert.Equal(-2.99, offset.Shift.TotalSeconds, 3);
    }

    [Fact]
    public void AnotherPoller_HasAnotherClock()
    {
        var offset = new ClockOffset();
        Observe(offset, 1, behind: 3, delays: [0.01]);
        Observe(offset, 2, behind: -1, delays: [0.01]);

        Assert.Equal(TimeSpan.Zero, offset.Shift);
    }

    [Fact]
    public void AClockThatWasSet_IsForgottenAfterAMinute()
    {
        var offset = new ClockOffset();
        Observe(offset, 1, behind: 3, delays: [0.01]);
        Observe(offset, 1, behind: 0, delays: [.. Enumerable.Repeat(0.02, 12)]);

        Assert.Equal(TimeSpan.Zero, offset.Shift);
    }

    private static void Observe(ClockOffset offset, long token, double behind, double[] delays)
    {
        foreach (var delay in delays)
        {
            offset.Observe(token, Start.AddSeconds(behind), Start.AddSeconds(delay));
        }
    }
}
