using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Border0.PdSidecar.Simulator.Rest;

/// <summary>A request's query as PagerDuty reads it: lists by a repeated "name[]", paging, times.</summary>
internal sealed class Query(IQueryCollection query)
{
    private const int MostReached = 10_000;

    /// <summary>The values of "name[]"; null when the filter is not there.</summary>
    public HashSet<string>? List(string name) => query.TryGetValue(name + "[]", out var values) && values.Count > 0 ? [.. values.OfType<string>()] : null;

    public bool Includes(string what) => List("include")?.Contains(what) == true;

    public string? Text(string name) => query.TryGetValue(name, out var value) && value.Count > 0 && value[0]!.Length > 0 ? value[0] : null;

    public bool Flag(string name) => Text(name) is "true" or "1";

    /// <summary>An instant; null when it is not there, and an error when it cannot be read.</summary>
    public DateTimeOffset? Time(string name, List<string> errors)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return time;
        }

        errors.Add($"{name} is not a valid time");
        return null;
    }

    public TimeZoneInfo Zone(List<string> errors)
    {
        if (Text("time_zone") is not { } name)
        {
            return TimeZoneInfo.Utc;
        }

        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone))
        {
            return zone;
        }

        errors.Add("time_zone is not valid");
        return TimeZoneInfo.Utc;
    }

    /// <summary>Classic paging: limit (25 unless given, 100 at most) and offset.</summary>
    public (int Limit, int Offset) Page(List<string> errors)
    {
        var limit = Number("limit", 25, errors);
        var offset = Number("offset", 0, errors);
        if (limit is < 1 or > 100)
        {
            limit = Math.Clamp(limit, 1, 100);
        }

        if (limit + offset > MostReached)
        {
            errors.Add("Offset must be less than or equal to " + (MostReached - limit).ToString(CultureInfo.InvariantCulture));
        }

        return (limit, offset);
    }

    private int Number(string name, int otherwise, List<string> errors)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        errors.Add($"{name} must be a number");
        return otherwise;
    }
}
