using System.Globalization;
using Border0.PdSidecar.V1;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Commands.Remote;

/// <summary>Values of the contract in words.</summary>
internal static class Said
{
    /// <summary>An instant, to the second, in UTC; empty for none.</summary>
    public static string At(Timestamp? at) => at is null ? "" : at.ToDateTimeOffset().UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>How long ago; empty for never.</summary>
    public static string Age(Timestamp? at, DateTimeOffset now) => at is null ? "" : Span(now - at.ToDateTimeOffset());

    /// <summary>A span in its two largest units: "3s", "4m 10s", "2d 3h".</summary>
    public static string Span(TimeSpan span)
    {
        var (sign, positive) = span < TimeSpan.Zero ? ("-", -span) : ("", span);
        (string Unit, long Count)[] units = [("d", positive.Days), ("h", positive.Hours), ("m", positive.Minutes), ("s", positive.Seconds)];
        var parts = units.SkipWhile(u => u.Count == 0).Take(2).Where(u => u.Count > 0).Select(u => string.Create(CultureInfo.InvariantCulture, $"{u.Count}{u.Unit}")).ToList();
        return parts.Count > 0 ? sign + string.Join(' ', parts) : positive > TimeSpan.Zero && positive < TimeSpan.FromSeconds(1) ? string.Create(CultureInfo.InvariantCulture, $"{sign}{positive.TotalMilliseconds:0}ms") : "0s";
    }

    /// <summary>A span; empty for none.</summary>
    public static string Span(Duration? span) => span is null ? "" : Span(span.ToTimeSpan());

    /// <summary>An enum's value as the contract names it, without its prefix, in lower case.</summary>
    public static string Word<T>(T value)
        where T : struct, System.Enum => Words(value.ToString());

    /// <summary>What is granted, by socket type.</summary>
    public static string Grants(MapField<string, ActionList> actions, IEnumerable<string> permissions) => string.Join("; ",
    [
        .. actions.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key}: {string.Join(", ", a.Value.Values)}"),
        .. permissions.Where(p => !actions.ContainsKey(p)).Order(StringComparer.Ordinal),
    ]);

    /// <summary>A count and its noun.</summary>
    public static string Count(int count, string noun, string? plural = null) => string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? noun : plural ?? noun + "s")}");

    private static string Words(string pascal) =>
        string.Concat(pascal.Select((c, i) => char.IsUpper(c) && i > 0 ? " " + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()));
}
