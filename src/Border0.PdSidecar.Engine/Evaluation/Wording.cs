using System.Globalization;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>How instants, spans and lists are said in reasons.</summary>
internal static class Wording
{
    private const int MostNamed = 5;

    /// <summary>"3 s", "4 min", "2 h", "5 days".</summary>
    public static string Span(TimeSpan span)
    {
        var (count, unit) = Units(span);
        return string.Create(CultureInfo.InvariantCulture, $"{count}{unit}");
    }

    /// <summary>3 and " s", 4 and " min", 2 and " h", 5 and " days".</summary>
    public static (long Count, string Unit) Units(TimeSpan span) => span switch
    {
        { TotalSeconds: < 120 } => (Math.Max(0, (long)span.TotalSeconds), " s"),
        { TotalMinutes: < 120 } => ((long)span.TotalMinutes, " min"),
        { TotalHours: < 48 } => ((long)span.TotalHours, " h"),
        _ => ((long)span.TotalDays, " days"),
    };

    /// <summary>"18:00Z", or "2026-11-24 06:00Z" when it is another day than the one it is said on.</summary>
    public static string Instant(DateTimeOffset instant, DateTimeOffset saidAt)
    {
        var text = new Utf8Text(stackalloc byte[24]);
        text.AddInstant(instant, saidAt);
        return text.ToString();
    }

    /// <summary>"Payments (PXYZ123)", or the id alone where no name is known.</summary>
    public static string Named(string name, string id)
    {
        using var text = new Utf8Text(stackalloc byte[256]);
        text.AddNamed(name, id);
        return text.ToString();
    }

    /// <summary>"Facts are 3 s old."</summary>
    public static string Age(DateTimeOffset asOf, DateTimeOffset now)
    {
        var text = new Utf8Text(stackalloc byte[64]);
        text.AddAge(asOf, now);
        return text.ToString();
    }

    /// <summary>At most five of the items, and how many more there are.</summary>
    public static string List(IReadOnlyList<string> items) => items.Count <= MostNamed
        ? string.Join(", ", items)
        : $"{string.Join(", ", items.Take(MostNamed))} and {items.Count - MostNamed} more";

    /// <summary>A name or title as it may stand in a sentence: on one line, and not endless.</summary>
    public static string Cut(string text)
    {
        var line = text.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0 ? text : new string([.. text.Select(c => c < ' ' ? ' ' : c)]);
        return line.Length <= 120 ? line : string.Concat(line.AsSpan(0, 117), "...");
    }
}
