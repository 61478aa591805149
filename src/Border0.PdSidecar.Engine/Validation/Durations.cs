using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Validation;

/// <summary>Reads durations and instants that a caller made up.</summary>
public static class Durations
{
    /// <summary>Reads a duration; false when its fields contradict each other or it is longer than a century.</summary>
    public static bool TryRead(Duration duration, out TimeSpan span)
    {
        span = default;
        if (duration.Seconds is < -3_155_760_000 or > 3_155_760_000 || duration.Nanos is < -999_999_999 or > 999_999_999
            || (duration.Seconds > 0 && duration.Nanos < 0) || (duration.Seconds < 0 && duration.Nanos > 0))
        {
            return false;
        }

        span = TimeSpan.FromSeconds(duration.Seconds) + TimeSpan.FromTicks(duration.Nanos / 100);
        return true;
    }

    /// <summary>Reads an instant; false when it is outside the years 1 to 9998 or its fields contradict each other.</summary>
    public static bool TryRead(Timestamp timestamp, out DateTimeOffset instant)
    {
        instant = default;
        if (timestamp.Seconds < -62_135_596_800 || timestamp.Seconds > 253_370_764_799 || timestamp.Nanos is < 0 or > 999_999_999)
        {
            return false;
        }

        instant = DateTimeOffset.FromUnixTimeSeconds(timestamp.Seconds).AddTicks(timestamp.Nanos / 100);
        return true;
    }
}
