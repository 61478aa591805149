using System.Diagnostics.Metrics;

namespace Border0.PdSidecar.Telemetry;

/// <summary>A counter for what happens at every call. Whoever collects reads it: adding tells nobody.</summary>
internal sealed class StripedCounter
{
    private volatile Series[] _series = [];

    public StripedCounter(Meter meter, string name, string unit, string description) =>
        Instrument = meter.CreateObservableCounter(name, () => _series.Select(s => new Measurement<long>(s.Value, s.Tags)), unit, description);

    /// <summary>What collectors know it as.</summary>
    public ObservableCounter<long> Instrument { get; }

    /// <summary>All that is counted.</summary>
    public IReadOnlyList<Series> All => _series;

    /// <summary>Begins to count something; not to be called twice with the same tags.</summary>
    public Series Begin(params KeyValuePair<string, object?>[] tags)
    {
        var series = new Series(tags);
        while (true)
        {
            var before = _series;
            if (ReferenceEquals(Interlocked.CompareExchange(ref _series, [.. before, series], before), before))
            {
                return series;
            }
        }
    }

    /// <summary>One thing that is counted.</summary>
    public sealed class Series(KeyValuePair<string, object?>[] tags)
    {
        private readonly StripedCells _cells = new(1);

        public KeyValuePair<string, object?>[] Tags => tags;

        public long Value => _cells.Read(0);

        public void Add(long value = 1) => _cells.Add(0, value);
    }
}
