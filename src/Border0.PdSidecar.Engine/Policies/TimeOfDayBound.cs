using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>A time of day as Border0's documents write it: "18:30", "18:30:15", "00:00 UTC", "09:00 Europe/Berlin".</summary>
/// <param name="Time">The wall-clock time.</param>
/// <param name="ZoneId">The time zone that follows it, or null when none does.</param>
public readonly record struct TimeOfDayBound(TimeOnly Time, string? ZoneId)
{
    private static readonly string[] Forms = ["HH:mm", "HH:mm:ss"];

    /// <summary>Reads a time of day. Whether the zone exists is not checked; <see cref="TryFindZone"/> does.</summary>
    public static bool TryParse(string text, out TimeOfDayBound bound)
    {
        bound = default;
        var trimmed = text.AsSpan().Trim();
        var space = trimmed.IndexOf(' ');
        var clock = space < 0 ? trimmed : trimmed[..space];
        string? zone = space < 0 ? null : trimmed[(space + 1)..].Trim().ToString();
        if (zone is null && clock.EndsWith("Z", StringComparison.Ordinal))
        {
            clock = clock[..^1];
            zone = "UTC";
        }

        if (zone is "" || !TimeOnly.TryParseExact(clock, Forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return false;
        }

        bound = new TimeOfDayBound(time, zone);
        return true;
    }

    /// <summary>Looks an IANA time zone up; "UTC", "GMT" and "Z" are UTC.</summary>
    public static bool TryFindZone(string id, [NotNullWhen(true)] out TimeZoneInfo? zone)
    {
        if (id.Length > 64 || id.StartsWith('/') || id.Contains("..", StringComparison.Ordinal))
        {
            // What TimeZoneInfo makes a file name of.
            zone = null;
            return false;
        }

        if (id.ToUpperInvariant() is "UTC" or "GMT" or "Z" or "ETC/UTC")
        {
            zone = TimeZoneInfo.Utc;
            return true;
        }

        return TimeZoneInfo.TryFindSystemTimeZoneById(id, out zone);
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var clock = Time.ToString(Time.Second == 0 ? "HH:mm" : "HH:mm:ss", CultureInfo.InvariantCulture);
        return ZoneId is null ? clock : $"{clock} {ZoneId}";
    }
}
