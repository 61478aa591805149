using Border0.PdSidecar.Engine.Validation;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Tests.Validation;

public class DurationsTests
{
    [Theory]
    [InlineData(long.MinValue, 0)]
    [InlineData(long.MaxValue, 0)]
    [InlineData(0, int.MinValue)]
    [InlineData(0, int.MaxValue)]
    [InlineData(1, -1)]
    [InlineData(-1, 1)]
    [InlineData(3_155_760_001, 0)]
    public void WhatIsNoDuration_IsRefused(long seconds, int nanos) => Assert.False(Durations.TryRead(new Duration { Seconds = seconds, Nanos = nanos }, out _));

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(-2, -500_000_000, -25_000_000)]
    [InlineData(3_155_760_000, 0, 31_557_600_000_000_000)]
    public void Duration_IsRead(long seconds, int nanos, long ticks) =>
        Assert.True(Durations.TryRead(new Duration { Seconds = seconds, Nanos = nanos }, out var span) && span.Ticks == ticks);
}
