using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Border0.PdSidecar.Telemetry;

/// <summary>Collects the instruments of the sidecar's own meter and of the runtime's, and writes them in Prometheus' text format.</summary>
/// <remarks>What happens at every call is read when somebody asks (<see cref="CallMetrics"/>); what happens less often is added up here.</remarks>
internal sealed class MetricsPage : IDisposable
{
    private const int MostSeries = 10_000;

    /// <summary>Of histograms that say none: seconds.</summary>
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];

    private readonly Lock _writing = new();
    private readonly CallMetrics _calls;
    private readonly HashSet<string> _read;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Instrument> _instruments = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Name, string Labels), double> _sums = new();
    private readonly ConcurrentDictionary<(string Name, string Labels), double> _gauges = new();
    private readonly ConcurrentDictionary<(string Name, string Labels), Distribution> _distributions = new();

    public MetricsPage(CallMetrics calls)
    {
        _calls = calls;
        _read = [.. calls.Counters.Select(c => c.Instrument.Name), .. calls.Histograms.Select(h => h.Instrument.Name)];
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name is "Border0.PdSidecar" or "System.Runtime" && !_read.Contains(instrument.Name))
            {
                _instruments[Exposition.NameOf(instrument)] = instrument;
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
        lock (_writing)
        {
            _gauges.Clear();
            _listener.RecordObservableInstruments();
            var page = new Exposition();
            WriteCalls(page);
            foreach (var metric in _sums.Concat(_gauges).GroupBy(s => s.Key.Name, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                page.Begin(_instruments[metric.Key]);
                foreach (var ((name, labels), value) in metric.OrderBy(s => s.Key.Labels, StringComparer.Ordinal))
                {
                    page.Add(name, labels, value);
                }
            }

            foreach (var metric in _distributions.GroupBy(s => s.Key.Name, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                page.Begin(_instruments[metric.Key]);
                foreach (var ((name, labels), distribution) in metric.OrderBy(s => s.Key.Labels, StringComparer.Ordinal))
                {
                    var (counts, sum) = distribution.Read();
                    page.Add(name, labels, distribution.Bounds, i => counts[i], sum);
                }
            }

            return page.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    private void WriteCalls(Exposition page)
    {
        foreach (var counter in _calls.Counters)
        {
            page.Begin(counter.Instrument);
            foreach (var series in counter.All)
            {
                page.Add(Exposition.NameOf(counter.Instrument), Exposition.Labels(series.Tags), series.Value);
            }
        }

        foreach (var histogram in _calls.Histograms.Where(h => h.All.Count > 0))
        {
            page.Begin(histogram.Instrument);
            foreach (var series in histogram.All)
            {
                page.Add(Exposition.NameOf(histogram.Instrument), Exposition.Labels(series.Tags), histogram.Bounds, series.Count, series.Sum);
            }
        }
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = (Exposition.NameOf(instrument), Exposition.Labels(tags));
        if (Exposition.IsHistogram(instrument))
        {
            if (_distributions.TryGetValue(key, out var known) || HasRoom(_distributions.Count))
            {
                (known ?? _distributions.GetOrAdd(key, static _ => new Distribution(Bounds))).Add(value);
            }
        }
        else if (instrument.IsObservable)
        {
            if (HasRoom(_gauges.Count))
            {
                _gauges[key] = value;
            }
        }
        else if (HasRoom(_sums.Count) || _sums.ContainsKey(key))
        {
            _sums.AddOrUpdate(key, value, (_, sum) => sum + value);
        }
    }

    private static bool HasRoom(int count) => count < MostSeries;

    /// <summary>A histogram of what does not happen at every call.</summary>
    private sealed class Distribution(double[] bounds)
    {
        private readonly Lock _lock = new();
        private readonly long[] _counts = new long[bounds.Length + 1];
        private double _sum;

        public double[] Bounds => bounds;

        public void Add(double value)
        {
            var bucket = 0;
            while (bucket < bounds.Length && value > bounds[bucket])
            {
                bucket++;
            }

            lock (_lock)
            {
                _counts[bucket]++;
                _sum += value;
            }
        }

        public (long[] Counts, double Sum) Read()
        {
            lock (_lock)
            {
                return ([.. _counts], _sum);
            }
        }
    }
}
