using System.Diagnostics.Metrics;

namespace Border0.PdSidecar.Telemetry;

/// <summary>An instrument and what it says at one moment.</summary>
/// <param name="Instrument">Its name, unit and description.</param>
/// <param name="Points">Its values, one for each set of tags.</param>
internal sealed record MetricFamily(Instrument Instrument, IReadOnlyList<MetricPoint> Points);

/// <summary>One value of an instrument.</summary>
/// <param name="Tags">What it is the value of.</param>
/// <param name="Value">A counter's or a gauge's value; a histogram's sum.</param>
/// <param name="Counts">A histogram's: how many each bucket has, the last one above all bounds. Else null.</param>
/// <param name="Bounds">The buckets' upper bounds.</param>
internal sealed record MetricPoint(KeyValuePair<string, object?>[] Tags, double Value, long[]? Counts = null, IReadOnlyList<double>? Bounds = null);
