using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Border0.PdSidecar.Telemetry;

/// <summary>Writes Prometheus' text format, version 0.0.4.</summary>
internal sealed class Exposition
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _page = new(16 * 1024);

    /// <summary>"pdsidecar.session.open" is "pdsidecar_session_open"; units are in the name, and counters end in "_total".</summary>
    public static string NameOf(Instrument instrument)
    {
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        var name = instrument.Name.Replace('.', '_');
        name = name.EndsWith(unit, StringComparison.Ordinal) ? name : name + unit;
        return IsCounter(instrument) && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    public static bool IsCounter(Instrument instrument) => instrument is Counter<long> or Counter<int> or Counter<double> or ObservableCounter<long> or ObservableCounter<double>;

    public static bool IsHistogram(Instrument instrument) => instrument is Histogram<long> or Histogram<int> or Histogram<double>;

    /// <summary>Labels as they are written, without braces.</summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            labels.Append(labels.Length > 0 ? "," : "").Append(key.Replace('.', '_')).Append("=\"");
            Escape(labels, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", isLabel: true);
            labels.Append('"');
        }

        return labels.ToString();
    }

    /// <summary>Begins a metric.</summary>
    public void Begin(Instrument instrument)
    {
        var name = NameOf(instrument);
        if (instrument.Description is { Length: > 0 } description)
        {
            _page.Append("# HELP ").Append(name).Append(' ');
            Escape(_page, description, isLabel: false);
            _page.Append('\n');
        }

        _page.Append("# TYPE ").Append(name).Append(IsHistogram(instrument) ? " histogram\n" : IsCounter(instrument) ? " counter\n" : " gauge\n");
    }

    /// <summary>Adds a value.</summary>
    public void Add(string name, string labels, double value, string more = "")
    {
        _page.Append(name);
        if (labels.Length + more.Length > 0)
        {
            _page.Append('{').Append(labels).Append(labels.Length > 0 && more.Length > 0 ? "," : "").Append(more).Append('}');
        }

        _page.Append(' ').Append(Text(value)).Append('\n');
    }

    /// <summary>Adds a histogram.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="bounds">The buckets' upper bounds.</param>
    /// <param name="count">How many each bucket has, the last one above all bounds.</param>
    /// <param name="sum">Of all values.</param>
    public void Add(string name, string labels, IReadOnlyList<double> bounds, Func<int, long> count, double sum)
    {
        var total = 0L;
        for (var i = 0; i <= bounds.Count; i++)
        {
            total += count(i);
            Add(name + "_bucket", labels, total, $"le=\"{(i < bounds.Count ? Text(bounds[i]) : "+Inf")}\"");
        }

        Add(name + "_sum", labels, sum);
        Add(name + "_count", labels, total);
    }

    public override string ToString() => _page.ToString();

    private static string Text(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString(CultureInfo.InvariantCulture);

    private static void Escape(StringBuilder into, string text, bool isLabel)
    {
        foreach (var c in text)
        {
            _ = c switch
            {
                '\\' => into.Append("\\\\"),
                '\n' => into.Append("\\n"),
                '"' when isLabel => into.Append("\\\""),
                _ => into.Append(c),
            };
        }
    }
}
