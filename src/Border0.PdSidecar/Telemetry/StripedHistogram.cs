using System.Diagnostics.Metrics;

namespace Border0.PdSidecar.Telemetry;

/// <summary>A histogram of how long something takes that happens at every call, in seconds.</summary>
/// <remarks>
/// The instrument behind it is told of every value too, but only while somebody listens to it: the OpenTelemetry exporter, which cannot read
/// a histogram otherwise. The metrics page reads this one.
/// </remarks>
internal sealed class StripedHistogram
{
    private readonly Histogram<double> _instrument;
    private readonly long[] _ticks;
    private readonly double _secondsPerTick;
    private volatile Series[] _series = [];

    /// <summary>Begins empty.</summary>
    /// <param name="meter">Where its instrument belongs.</param>
    /// <param name="name">The instrument's name.</param>
    /// <param name="description">What it tells.</param>
    /// <param name="bounds">The buckets' upper bounds in seconds, ascending.</param>
    /// <param name="time">The clock whose timestamps are recorded.</param>
    public StripedHistogram(Meter meter, string name, string description, IReadOnlyList<double> bounds, TimeProvider time)
    {
        Bounds = bounds;
        _secondsPerTick = 1d / time.TimestampFrequency;
        _ticks = [.. bounds.Select(b => (long)Math.Round(b * time.TimestampFrequency))];
        _instrument = meter.CreateHistogram(name, "s", description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
    }

    /// <summary>What collectors know it as.</summary>
    public Histogram<double> Instrument => _instrument;

    /// <summary>The buckets' upper bounds in seconds; one more bucket has what is above the last.</summary>
    public IReadOnlyList<double> Bounds { get; }

    /// <summary>All that is recorded.</summary>
    public IReadOnlyList<Series> All => _series;

    /// <summary>Begins to record something; not to be called twice with the same tags.</summary>
    public Series Begin(params KeyValuePair<string, object?>[] tags)
    {
        var series = new Series(this, tags);
        while (true)
        {
            var before = _series;
            if (ReferenceEquals(Interlocked.CompareExchange(ref _series, [.. before, series], before), before))
            {
                return series;
            }
        }
    }

    /// <summary>One thing whose durations are recorded.</summary>
    public sealed class Series(StripedHistogram histogram, KeyValuePair<string, object?>[] tags)
    {
        private readonly StripedCells _cells = new(histogram._ticks.Length + 2);

        public KeyValuePair<string, object?>[] Tags => tags;

        /// <summary>Seconds, of all together.</summary>
        public double Sum => _cells.Read(histogram._ticks.Length + 1) * histogram._secondsPerTick;

        /// <summary>How many were no longer than a bound and longer than the one before.</summary>
        public long Count(int bucket) => _cells.Read(bucket);

        /// <summary>Takes one.</summary>
        /// <param name="ticks">The difference of two of the clock's timestamps.</param>
        public void Record(long ticks)
        {
            var bounds = histogram._ticks;
            var bucket = 0;
            while (bucket < bounds.Length && ticks > bounds[bucket])
            {
                bucket++;
            }

            _cells.Add(bucket, 1);
            _cells.Add(bounds.Length + 1, ticks);
            if (histogram._instrument.Enabled)
            {
                histogram._instrument.Record(ticks * histogram._secondsPerTick, tags);
            }
        }
    }
}
