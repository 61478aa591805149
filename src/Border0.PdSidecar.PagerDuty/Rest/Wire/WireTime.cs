using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Border0.PdSidecar.PagerDuty.Rest.Wire;

/// <summary>
/// A date-time of PagerDuty's: ISO 8601, seconds optional, offset possibly short (<c>-07</c>; PagerDuty's "Types"). Told
/// apart: null, which means something; missing or garbled, which must not be taken for null.
/// </summary>
internal readonly record struct WireTime(bool Understood, DateTimeOffset? Value)
{
    private static readonly string[] Formats =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:sszz", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mmzz",
    ];

    public static WireTime Parse(string? text)
    {
        // Without an offset the account's time zone is meant, which is not known here.
        var zoned = text is not null && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > text.IndexOf('T'));
        return zoned && text!.Contains('T')
            && DateTimeOffset.TryParseExact(
                text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time)
            ? new WireTime(true, time)
            : default;
    }
}

/// <summary>Reads a <see cref="WireTime"/>.</summary>
internal sealed class WireTimeConverter : JsonConverter<WireTime>
{
    public override bool HandleNull => true;

    public override WireTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return new WireTime(true, null);
            case JsonTokenType.String:
                return WireTime.Parse(reader.GetString());
            default:
                reader.Skip();
                return default;
        }
    }

    public override void Write(Utf8JsonWriter writer, WireTime value, JsonSerializerOptions options) =>
        throw new NotSupportedException();
}
