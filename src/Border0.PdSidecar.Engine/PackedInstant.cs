namespace Border0.PdSidecar.Engine;

/// <summary>
/// An instant, or none, in eight bytes: a nullable DateTimeOffset takes twenty-four, and hundreds of thousands of sessions keep several.
/// The offset is UTC.
/// </summary>
internal readonly struct PackedInstant
{
    // One more than the ticks, so that the default is none.
    private readonly long _ticksAndOne;

    private PackedInstant(DateTimeOffset? instant) => _ticksAndOne = instant is { } known ? known.UtcTicks + 1 : 0;

    public static implicit operator PackedInstant(DateTimeOffset? instant) => new(instant);

    public static implicit operator PackedInstant(DateTimeOffset instant) => new(instant);

    public static implicit operator DateTimeOffset?(PackedInstant packed) =>
        packed._ticksAndOne == 0 ? null : new DateTimeOffset(packed._ticksAndOne - 1, TimeSpan.Zero);

    /// <summary>The instant where there is one for certain; year 1 otherwise.</summary>
    public static explicit operator DateTimeOffset(PackedInstant packed) => new(Math.Max(0, packed._ticksAndOne - 1), TimeSpan.Zero);
}
