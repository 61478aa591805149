using System.Buffers.Text;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>Writes instants as RFC 3339 in UTC with milliseconds, and ages in seconds with milliseconds, without making a string.</summary>
internal static class RecordTime
{
    /// <summary>The length of "2026-11-23T08:05:09.042Z".</summary>
    public const int InstantLength = 24;

    /// <summary>Room enough for any age.</summary>
    public const int LongestAge = 24;

    /// <summary>Writes an instant.</summary>
    public static void Write(long utcTicks, Span<byte> text)
    {
        var instant = new DateTime(Math.Clamp(utcTicks, 0, DateTime.MaxValue.Ticks), DateTimeKind.Utc);
        instant.Deconstruct(out DateOnly date, out TimeOnly time);
        date.Deconstruct(out var year, out var month, out var day);
        "0000-00-00T00:00:00.000Z"u8.CopyTo(text);
        Digits(text[..4], year);
        Digits(text[5..7], month);
        Digits(text[8..10], day);
        Digits(text[11..13], time.Hour);
        Digits(text[14..16], time.Minute);
        Digits(text[17..19], time.Second);
        Digits(text[20..23], time.Millisecond);
    }

    /// <summary>Writes an age.</summary>
    /// <returns>Its length.</returns>
    public static int Write(Duration age, Span<byte> text)
    {
        var milliseconds = Math.Clamp(age.Seconds, 0, 1_000_000_000_000) * 1000 + Math.Clamp(age.Nanos, 0, 999_999_999) / 1_000_000;
        Utf8Formatter.TryFormat(milliseconds / 1000, text, out var length);
        text[length] = (byte)'.';
        Digits(text[(length + 1)..(length + 4)], (int)(milliseconds % 1000));
        return length + 4;
    }

    /// <summary>An instant in UTC ticks.</summary>
    public static long TicksOf(Timestamp instant) => DateTime.UnixEpoch.Ticks + instant.Seconds * TimeSpan.TicksPerSecond + instant.Nanos / 100;

    private static void Digits(Span<byte> text, int number)
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = (byte)('0' + number % 10);
            number /= 10;
        }
    }
}
