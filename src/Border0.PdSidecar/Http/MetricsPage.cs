using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Border0.PdSidecar.Http;

/// <summary>Collects the instruments of the sidecar's own meter and of the runtime's, and writes them in Prometheus' text format.</summary>
internal sealed class MetricsPage : IDisposable
{
    private const int MostSeries = 10_000;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(string Name, string Labels), double> _sums = new();
    private readonly ConcurrentDictionary<(string Name, string Labels), double> _gauges = new();
    private readonly ConcurrentDictionary<string, Instrument> _instruments = new(StringComparer.Ordinal);

    public MetricsPage()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name is "Border0.PdSidecar" or "System.Runtime")
            {
                _instruments[NameOf(instrument)] = instrument;
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((i, v, tags, _) => Take(i, v, tags));
        _listener.SetMeasurementEventCallback<int>((i, v, tags, _) => Take(i, v, tags));
        _listener.SetMeasurementEventCallback<double>((i, v, tags, _) => Take(i, v, tags));
        _listener.Start();
    }

    /// <summary>The page.</summary>
    public string Write()
    {
        _gauges.Clear();
        _listener.RecordObservableInstruments();
        var page = new StringBuilder();
        var series = _sums.Concat(_gauges).GroupBy(s => s.Key.Name, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal);
        foreach (var group in series)
        {
            var baseName = group.Key.EndsWith("_sum", StringComparison.Ordinal) ? group.Key[..^4] : group.Key.EndsWith("_count", StringComparison.Ordinal) ? group.Key[..^6] : group.Key;
            if (_instruments.TryGetValue(baseName, out var instrument) && instrument.Description is { } description)
            {
                page.Append("# HELP ").Append(group.Key).Append(' ').Append(description).Append('\n');
            }

            page.Append("# TYPE ").Append(group.Key).Append(' ').Append(_gauges.ContainsKey(group.First().Key) && !group.Key.EndsWith("_total", StringComparison.Ordinal) ? "gauge" : "counter").Append('\n');
            foreach (var (key, value) in group.OrderBy(s => s.Key.Labels, StringComparer.Ordinal))
            {
                page.Append(key.Name).Append(key.Labels).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
            }
        }

        return page.ToString();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>"pdsidecar.session.open" is "pdsidecar_session_open"; units are in the name, and counters end in "_total".</summary>
    private static string NameOf(Instrument instrument)
    {
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        var name = instrument.Name.Replace('.', '_') + unit;
        return IsCounter(instrument) && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    private static bool IsCounter(Instrument instrument) => instrument is Counter<long> or Counter<int> or Counter<double> or ObservableCounter<long> or ObservableCounter<double>;

    private static bool IsHistogram(Instrument instrument) => instrument is Histogram<long> or Histogram<int> or Histogram<double>;

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var labels = new StringBuilder("{");
        foreach (var (key, value) in tags)
        {
            var text = (Convert.ToString(value, CultureInfo.InvariantCulture) ?? "").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            labels.Append(labels.Length > 1 ? "," : "").Append(key.Replace('.', '_')).Append("=\"").Append(text).Append('"');
        }

        return labels.Append('}').ToString();
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var (name, labels) = (NameOf(instrument), Labels(tags));
        if (IsHistogram(instrument))
        {
            Add((name + "_sum", labels), value);
            Add((name + "_count", labels), 1);
        }
        else if (IsCounter(instrument) && !instrument.IsObservable)
        {
            Add((name, labels), value);
        }
        else if (_gauges.Count < MostSeries)
        {
            _gauges[(name, labels)] = value;
        }
    }

    private void Add((string, string) key, double value)
    {
        if (_sums.Count < MostSeries || _sums.ContainsKey(key))
        {
            _sums.AddOrUpdate(key, value, (_, sum) => sum + value);
        }
    }
}
