using System.Buffers.Text;
using System.Runtime.CompilerServices;
using Border0.PdSidecar.Rpc;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>Writes instants as RFC 3339 in UTC with milliseconds, and ages in seconds with milliseconds, without making a string.</summary>
internal static class RecordTime
{
    /// <summary>The length of "2026-11-23T08:05:09.042Z".</summary>
    public const int InstantLength = 24;

    /// <summary>Room enough for any age.</summary>
    public const int LongestAge = 24;

    [ThreadStatic]
    private static KnownDay[]? _days;

    /// <summary>Writes an instant.</summary>
    public static void Write(long utcTicks, Span<byte> text)
    {
        var (days, ticks) = Math.DivRem(Math.Clamp(utcTicks, 0, DateTime.MaxValue.Ticks), TimeSpan.TicksPerDay);
        "0000-00-00T00:00:00.000Z"u8.CopyTo(text);
        Day((int)days, text);
        var milliseconds = (int)(ticks / TimeSpan.TicksPerMillisecond);
        var seconds = milliseconds / 1000;
        Pair(text[11..], seconds / 3600);
        Pair(text[14..], seconds / 60 % 60);
        Pair(text[17..], seconds % 60);
        Digits(text[20..23], milliseconds % 1000);
    }

    /// <summary>Writes an age.</summary>
    /// <returns>Its length.</returns>
    public static int Write(WireSpan age, Span<byte> text)
    {
        var milliseconds = Math.Clamp(age.Seconds, 0, 1_000_000_000_000) * 1000 + Math.Clamp(age.Nanos, 0, 999_999_999) / 1_000_000;
        Utf8Formatter.TryFormat(milliseconds / 1000, text, out var length);
        text[length] = (byte)'.';
        Digits(text[(length + 1)..(length + 4)], (int)(milliseconds % 1000));
        return length + 4;
    }

    /// <summary>The instant that a Timestamp tells, in UTC ticks.</summary>
    public static long TicksOf(long seconds, int nanos) => DateTime.UnixEpoch.Ticks + seconds * TimeSpan.TicksPerSecond + nanos / 100;

    /// <summary>Writes the date, nearly always one of the last two days that were: what is now, and what is valid until tomorrow.</summary>
    private static void Day(int day, Span<byte> text)
    {
        ref var known = ref (_days ??= [new(), new()])[day & 1];
        if (known.Number != day)
        {
            DateOnly.FromDayNumber(day).Deconstruct(out var year, out var month, out var dayOfMonth);
            "0000-00-00"u8.CopyTo(known.Text);
            Pair(known.Text, year / 100);
            Pair(known.Text[2..], year % 100);
            Pair(known.Text[5..], month);
            Pair(known.Text[8..], dayOfMonth);
            known.Number = day;
        }

        ((ReadOnlySpan<byte>)known.Text).CopyTo(text);
    }

    private static void Pair(Span<byte> text, int number)
    {
        text[1] = (byte)('0' + number % 10);
        text[0] = (byte)('0' + number / 10);
    }

    private static void Digits(Span<byte> text, int number)
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = (byte)('0' + number % 10);
            number /= 10;
        }
    }

    /// <summary>A day's date as it is written.</summary>
    private struct KnownDay()
    {
        public int Number = -1;
        public DateText Text;
    }

    [InlineArray(10)]
    private struct DateText
    {
        private byte _first;
    }
}
