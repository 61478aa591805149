using System.Globalization;
using Border0.PdSidecar.Engine.Facts;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>"Payments (PXYZ123)", or the id alone where no name is known. Written straight into the sentence that it stands in.</summary>
internal readonly struct Named(string name, string id) : ISpanFormattable
{
    public bool TryFormat(Span<char> to, out int written, ReadOnlySpan<char> format, IFormatProvider? provider) => name.Length == 0 || name == id
        ? to.TryWrite($"{id}", out written)
        : to.TryWrite($"{Wording.Cut(name)} ({id})", out written);

    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    public override string ToString() => name.Length == 0 || name == id ? id : $"{Wording.Cut(name)} ({id})";
}

/// <summary>"#12 "It is down"". Written straight into the sentence that it stands in.</summary>
internal readonly struct IncidentName(OpenIncident incident) : ISpanFormattable
{
    public bool TryFormat(Span<char> to, out int written, ReadOnlySpan<char> format, IFormatProvider? provider)
    {
        if (!(incident.Number > 0 ? to.TryWrite(CultureInfo.InvariantCulture, $"#{incident.Number}", out written) : to.TryWrite($"{incident.Id}", out written)))
        {
            return false;
        }

        if (incident.Title.Length == 0)
        {
            return true;
        }

        var isWritten = to[written..].TryWrite($" \"{Wording.Cut(incident.Title)}\"", out var title);
        written += title;
        return isWritten;
    }

    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{this}");
}

/// <summary>"Facts are 3 s old." Written straight into the text that it ends.</summary>
internal readonly struct AgeOfFacts(DateTimeOffset asOf, DateTimeOffset now) : ISpanFormattable
{
    public bool TryFormat(Span<char> to, out int written, ReadOnlySpan<char> format, IFormatProvider? provider)
    {
        var (count, unit) = Wording.Units(now - asOf);
        return to.TryWrite(CultureInfo.InvariantCulture, $"Facts are {count}{unit} old.", out written);
    }

    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{this}");
}
