using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>Ends that are known ahead: shifts, bounds of when, the longest session.</summary>
public class KnownEndTests
{
    private static readonly TimeSpan OddStep = TimeSpan.FromMilliseconds(7_919);

    /// <summary>Moves the clock in odd steps; returns when the first revocation was there, and the revocation.</summary>
    private static async Task<(DateTimeOffset At, SessionRevoked Revoked)> UntilRevokedAsync(World world, Connector connector, DateTimeOffset end, TimeSpan step)
    {
        while (world.Now < end)
        {
            Assert.Empty(await connector.RevokedAsync());

            // The last step before the end stops a tick before it.
            var left = end - world.Now;
            world.Time.Advance(left > step ? step : left > TimeSpan.FromTicks(1) ? left - TimeSpan.FromTicks(1) : left);
            world.Publish();
        }

        // The one timer counts whole milliseconds.
        world.Time.Advance(TimeSpan.FromMilliseconds(1));
        return (world.Now, await connector.RevokedOnceAsync());
    }

    [Theory]
    [InlineData(60)]
    [InlineData(3 * 3600 + 7)]
    public async Task AShiftsEnd_CutsAtThatInstant_AndNotBefore(int seconds)
    {
        using var world = new World();
        var end = World.Start.AddSeconds(seconds);
        world.Put(World.Rule("shift", onCallFor: "S1"));
        world.Shifts["S1"].Add(World.Shift(World.Alice, World.Start.AddHours(-1), end));
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        Assert.Equal(end, world.Evaluate("k1").Decision.ValidUntil);

        var (at, revoked) = await UntilRevokedAsync(world, connector, end, OddStep);

        Assert.InRange(at - end, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
        Assert.Equal((RevocationCause.ShiftEnded, end), (revoked.Cause, revoked.EventTime.ToDateTimeOffset()));
        Assert.False(world.Evaluate("k2").Allowed);
    }

    [Fact]
    public async Task AShiftsEnd_NeedsNoPoll()
    {
        using var world = new World();
        var end = World.Start.AddMinutes(5);
        world.Put(World.Rule("shift", onCallFor: "S1"));
        world.Shifts["S1"].Add(World.Shift(World.Alice, null, end));
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");

        world.Pass(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1), TimeSpan.FromSeconds(1), answering: false);
        Assert.Empty(await connector.RevokedAsync());
        world.Pass(TimeSpan.FromMilliseconds(1), answering: false);

        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
    }

    [Fact]
    public async Task BackToBackShifts_AreNotCutInBetween()
    {
        using var world = new World();
        var (first, second) = (World.Start.AddMinutes(10), World.Start.AddMinutes(20));
        world.Put(World.Rule("shift", onCallFor: "S1"));
        world.Shifts["S1"].AddRange([World.Shift(World.Alice, null, first), World.Shift(World.Bob, first, null), World.Shift(World.Alice, first, second, level: 2)]);
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        Assert.Equal(second, world.Evaluate("k1").Decision.ValidUntil);

        var (at, _) = await UntilRevokedAsync(world, connector, second, OddStep);

        Assert.InRange(at - second, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(40)]
    public async Task AnOverride_MovesTheEnd(int minutes)
    {
        using var world = new World();
        world.Put(World.Rule("shift", onCallFor: "S1"));
        world.Shifts["S1"].Add(World.Shift(World.Alice, null, World.Start.AddMinutes(20)));
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromMinutes(2));
        var end = World.Start.AddMinutes(minutes);
        world.Shifts["S1"][0] = World.Shift(World.Alice, null, end);
        world.Publish();

        var (at, _) = await UntilRevokedAsync(world, connector, end, OddStep);

        Assert.InRange(at - end, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task AnOverrideThatTakesTheShiftNow_CutsNow()
    {
        using var world = new World();
        world.Put(World.Rule("shift", onCallFor: "S1"));
        world.Shifts["S1"].Add(World.Shift(World.Alice, null, World.Start.AddHours(8)));
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Shifts["S1"][0] = World.Shift(World.Bob, null, World.Start.AddHours(8));
        world.Publish();

        Assert.Equal(RevocationCause.NotOnCall, (await connector.RevokedOnceAsync()).Cause);
    }

    [Fact]
    public async Task Before_CutsAtThatInstant()
    {
        using var world = new World();
        var end = World.Start.AddMinutes(7).AddMilliseconds(123);
        world.Put(World.Rule("until", also: p => p.Condition.When = new WhenCondition { Before = end.ToTimestamp() }));
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");

        var (at, revoked) = await UntilRevokedAsync(world, connector, end, OddStep);

        Assert.InRange(at - end, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
        Assert.Equal((RevocationCause.TimeBound, end), (revoked.Cause, revoked.EventTime.ToDateTimeOffset()));
    }

    [Fact]
    public async Task ATimeOfDay_CutsAtThatWallClock_InItsZone()
    {
        using var world = new World();

        // 18:00 in Berlin is 17:00Z in March.
        var end = new DateTimeOffset(2026, 3, 2, 17, 0, 0, TimeSpan.Zero);
        world.Put(World.Rule(
            "hours", also: p => p.Condition.When = new WhenCondition { TimeOfDayAfter = "08:00", TimeOfDayBefore = "18:00", TimeZone = "Europe/Berlin" }));
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");

        var (at, revoked) = await UntilRevokedAsync(world, connector, end, TimeSpan.FromSeconds(617));

        Assert.InRange(at - end, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
        Assert.Equal(RevocationCause.TimeBound, revoked.Cause);
    }

    [Fact]
    public async Task MaxSessionDuration_CutsEachSessionByItsOwnOpening_AndItsKeyIsFinal()
    {
        using var world = new World();
        world.Put(World.Rule("hour", also: p => p.MaxSessionDuration = Duration.FromTimeSpan(TimeSpan.FromHours(1))));
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromMinutes(10));
        world.Open("k2");

        var (_, revoked) = await UntilRevokedAsync(world, connector, World.Start.AddHours(1), OddStep);
        Assert.Equal(("k1", RevocationCause.MaxSessionDuration), (revoked.SessionKey, revoked.Cause));
        Assert.Equal(ReasonCode.SessionRevoked, world.Evaluate("k1").DeniedBy?.Code);
        Assert.True(world.Evaluate("k3").Allowed);

        (_, revoked) = await UntilRevokedAsync(world, connector, World.Start.AddMinutes(70), OddStep);
        Assert.Equal("k2", revoked.SessionKey);
    }

    [Fact]
    public async Task AClockThatIsSetForward_CutsSoonAfter_AlthoughTimersDoNotSeeIt()
    {
        using var world = new World();
        var end = World.Start.AddHours(2);
        world.Put(World.Rule("until", also: p => p.Condition.When = new WhenCondition { Before = end.ToTimestamp() }));
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromSeconds(1));

        world.Time.AdjustTime(end.AddMinutes(1));
        world.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("k1", (await connector.RevokedOnceAsync()).SessionKey);
    }

    [Fact]
    public async Task Expiring_IsSaidOnce_AheadOfTheEnd_AndAgainWhenTheEndMoved()
    {
        using var world = new World();
        var end = World.Start.AddMinutes(20);
        world.Put(World.Rule("shift", onCallFor: "S1"));
        world.Shifts["S1"].Add(World.Shift(World.Alice, null, end));
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");

        world.Pass(TimeSpan.FromMinutes(15) - TimeSpan.FromSeconds(1), OddStep);
        Assert.Empty(await connector.ReadAsync());
        world.Pass(TimeSpan.FromSeconds(1));
        var expiring = Assert.Single(await connector.ReadAsync()).SessionExpiring;
        Assert.Equal(("k1", RevocationCause.ShiftEnded, "shift"), (expiring.SessionKey, expiring.Cause, expiring.PolicyName));
        Assert.Equal(end, expiring.ExpireTime.ToDateTimeOffset());
        world.Pass(TimeSpan.FromMinutes(1));
        Assert.Empty(await connector.ReadAsync());

        world.Shifts["S1"][0] = World.Shift(World.Alice, null, end.AddMinutes(30));
        world.Publish();
        world.Pass(TimeSpan.FromMinutes(28), OddStep);
        Assert.Empty(await connector.ReadAsync());
        world.Pass(TimeSpan.FromMinutes(2), OddStep);
        Assert.Equal(end.AddMinutes(30), Assert.Single(await connector.ReadAsync()).SessionExpiring.ExpireTime.ToDateTimeOffset());
    }

    [Fact]
    public async Task Expiring_IsSaidASecondAfterTheOpening_WhereLessThanTheWarningIsLeft()
    {
        using var world = new World();
        world.Put(World.Rule("until", also: p => p.Condition.When = new WhenCondition { Before = World.Start.AddMinutes(3).ToTimestamp() }));
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromMilliseconds(999));
        Assert.Empty(await connector.ReadAsync());
        world.Pass(TimeSpan.FromMilliseconds(1));

        Assert.Equal(RevocationCause.TimeBound, Assert.Single(await connector.ReadAsync()).SessionExpiring.Cause);
    }

    [Fact]
    public async Task Expiring_IsNeverSaid_WhenSwitchedOff()
    {
        using var world = new World(new SessionOptions { ExpiringWarning = TimeSpan.Zero });
        world.Put(World.Rule("until", also: p => p.Condition.When = new WhenCondition { Before = World.Start.AddMinutes(3).ToTimestamp() }));
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromMinutes(4));

        Assert.NotNull(Assert.Single(await connector.ReadAsync()).SessionRevoked);
    }
}
