using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Border0.PdSidecar.Telemetry;

/// <summary>
/// Collects the instruments of the sidecar's own meter and of the runtime's, for whoever asks: the metrics page and the OTLP exporter say the
/// same. Called from any thread.
/// </summary>
/// <remarks>What happens at every call is read when somebody asks (<see cref="CallMetrics"/>); what happens less often is added up here.</remarks>
internal sealed class MetricsCollector : IDisposable
{
    private const int MostSeries = 10_000;

    /// <summary>Of histograms that say none: seconds.</summary>
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];

    private readonly Lock _reading = new();
    private readonly CallMetrics _calls;
    private readonly HashSet<string> _read;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Instrument> _instruments = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Name, string Labels), Series> _sums = new();
    private readonly ConcurrentDictionary<(string Name, string Labels), Series> _gauges = new();
    private readonly ConcurrentDictionary<(string Name, string Labels), Distribution> _distributions = new();

    public MetricsCollector(CallMetrics calls)
    {
        _calls = calls;
        _read = [.. calls.Counters.Select(c => c.Instrument.Name), .. calls.Histograms.Select(h => h.Instrument.Name)];
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name is "Border0.PdSidecar" or "System.Runtime" && !_read.Contains(instrument.Name))
            {
                _instruments[instrument.Name] = instrument;
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((i, v, tags, _) => Take(i, v, tags));
        _listener.SetMeasurementEventCallback<int>((i, v, tags, _) => Take(i, v, tags));
        _listener.SetMeasurementEventCallback<double>((i, v, tags, _) => Take(i, v, tags));
        _listener.Start();
    }

    /// <summary>Every instrument, whether it has said anything yet or not.</summary>
    public IEnumerable<Instrument> Instruments =>
        [.. _calls.Counters.Select(c => (Instrument)c.Instrument), .. _calls.Histograms.Select(h => h.Instrument), .. _instruments.Values];

    /// <summary>What every instrument says now: counters and histograms since the start.</summary>
    public IReadOnlyList<MetricFamily> Collect()
    {
        lock (_reading)
        {
            _gauges.Clear();
            _listener.RecordObservableInstruments();
            return
            [
                .. _calls.Counters.Select(c => new MetricFamily(c.Instrument, [.. c.All.Select(s => new MetricPoint(s.Tags, s.Value))])),
                .. _calls.Histograms.Where(h => h.All.Count > 0).Select(h => new MetricFamily(h.Instrument, [.. h.All.Select(s => PointOf(h, s))])),
                .. FamiliesOf(_sums.Concat(_gauges), s => s.ToPoint()),
                .. FamiliesOf(_distributions, d => d.ToPoint()),
            ];
        }
    }

    public void Dispose() => _listener.Dispose();

    private IEnumerable<MetricFamily> FamiliesOf<T>(IEnumerable<KeyValuePair<(string Name, string Labels), T>> series, Func<T, MetricPoint> pointOf) =>
        from one in series
        group one by one.Key.Name into metric
        orderby metric.Key
        select new MetricFamily(_instruments[metric.Key], [.. metric.OrderBy(s => s.Key.Labels, StringComparer.Ordinal).Select(s => pointOf(s.Value))]);

    private static MetricPoint PointOf(StripedHistogram histogram, StripedHistogram.Series series) =>
        new(series.Tags, series.Sum, [.. Enumerable.Range(0, histogram.Bounds.Count + 1).Select(series.Count)], histogram.Bounds);

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = (instrument.Name, Exposition.Labels(tags));
        if (Exposition.IsHistogram(instrument))
        {
            if (_distributions.TryGetValue(key, out var known) || HasRoom(_distributions.Count))
            {
                var copy = known is null ? tags.ToArray() : [];
                (known ?? _distributions.GetOrAdd(key, _ => new Distribution(Bounds, copy))).Add(value);
            }
        }
        else if (instrument.IsObservable)
        {
            if (HasRoom(_gauges.Count))
            {
                _gauges[key] = new Series(tags.ToArray(), value);
            }
        }
        else if (_sums.TryGetValue(key, out var known))
        {
            known.Add(value);
        }
        else if (HasRoom(_sums.Count))
        {
            var copy = tags.ToArray();
            _sums.GetOrAdd(key, _ => new Series(copy, 0)).Add(value);
        }
    }

    private static bool HasRoom(int count) => count < MostSeries;

    /// <summary>A counter or a gauge of what does not happen at every call.</summary>
    private sealed class Series(KeyValuePair<string, object?>[] tags, double value)
    {
        private readonly Lock _lock = new();
        private double _value = value;

        public void Add(double more)
        {
            lock (_lock)
            {
                _value += more;
            }
        }

        public MetricPoint ToPoint()
        {
            lock (_lock)
            {
                return new MetricPoint(tags, _value);
            }
        }
    }

    /// <summary>A histogram of what does not happen at every call.</summary>
    private sealed class Distribution(double[] bounds, KeyValuePair<string, object?>[] tags)
    {
        private readonly Lock _lock = new();
        private readonly long[] _counts = new long[bounds.Length + 1];
        private double _sum;

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

        public MetricPoint ToPoint()
        {
            lock (_lock)
            {
                return new MetricPoint(tags, _sum, [.. _counts], bounds);
            }
        }
    }
}
