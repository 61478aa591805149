using System.Text.Json;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>Writes instants as RFC 3339 in UTC with milliseconds, and ages in seconds with milliseconds, without making a string.</summary>
internal static class RecordTime
{
    private const int InstantLength = 26;
    private const int AgeLength = 24;

    /// <summary>Writes an instant.</summary>
    public static void Write(Utf8JsonWriter json, JsonEncodedText name, long utcTicks)
    {
        Span<byte> text = stackalloc byte[InstantLength];
        var instant = new DateTime(Math.Clamp(utcTicks, 0, DateTime.MaxValue.Ticks), DateTimeKind.Utc);
        instant.Deconstruct(out DateOnly date, out TimeOnly time);
        date.Deconstruct(out var year, out var month, out var day);
        text[0] = (byte)'"';
        Digits(text[1..5], year);
        text[5] = (byte)'-';
        Digits(text[6..8], month);
        text[8] = (byte)'-';
        Digits(text[9..11], day);
        text[11] = (byte)'T';
        Digits(text[12..14], time.Hour);
        text[14] = (byte)':';
        Digits(text[15..17], time.Minute);
        text[17] = (byte)':';
        Digits(text[18..20], time.Second);
        text[20] = (byte)'.';
        Digits(text[21..24], time.Millisecond);
        text[24] = (byte)'Z';
        text[25] = (byte)'"';
        json.WritePropertyName(name);
        json.WriteRawValue(text, skipInputValidation: true);
    }

    /// <summary>Writes an instant, if there is one.</summary>
    public static void Write(Utf8JsonWriter json, JsonEncodedText name, Timestamp? instant)
    {
        if (instant is not null)
        {
            Write(json, name, TicksOf(instant));
        }
    }

    /// <summary>Writes an age, if there is one.</summary>
    public static void Write(Utf8JsonWriter json, JsonEncodedText name, Duration? age)
    {
        if (age is null)
        {
            return;
        }

        Span<byte> text = stackalloc byte[AgeLength];
        var milliseconds = Math.Clamp(age.Seconds, 0, 1_000_000_000_000) * 1000 + Math.Clamp(age.Nanos, 0, 999_999_999) / 1_000_000;
        System.Buffers.Text.Utf8Formatter.TryFormat(milliseconds / 1000, text, out var length);
        text[length] = (byte)'.';
        Digits(text[(length + 1)..(length + 4)], (int)(milliseconds % 1000));
        json.WritePropertyName(name);
        json.WriteRawValue(text[..(length + 4)], skipInputValidation: true);
    }

    private static long TicksOf(Timestamp instant) => DateTime.UnixEpoch.Ticks + instant.Seconds * TimeSpan.TicksPerSecond + instant.Nanos / 100;

    private static void Digits(Span<byte> text, int number)
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = (byte)('0' + number % 10);
            number /= 10;
        }
    }
}
