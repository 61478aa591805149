namespace Border0.PdSidecar.Load.Reporting;

/// <summary>What one round of one load on one server came to; NaN for what was not measured.</summary>
/// <param name="PerSecond">Requests answered per second.</param>
/// <param name="P50">Latency, milliseconds.</param>
/// <param name="P99">Latency, milliseconds.</param>
/// <param name="P999">Latency, milliseconds.</param>
/// <param name="Cpu">Microseconds of the server's CPU time per request.</param>
/// <param name="Bytes">Bytes that the server allocated per request.</param>
internal sealed record Figures(double PerSecond, double P50, double P99, double P999, double Cpu, double Bytes)
{
    /// <summary>The median of each figure, over the rounds that have it.</summary>
    public static Figures Median(IReadOnlyList<Figures> rounds) => new(
        Of(rounds, r => r.PerSecond), Of(rounds, r => r.P50), Of(rounds, r => r.P99), Of(rounds, r => r.P999), Of(rounds, r => r.Cpu), Of(rounds, r => r.Bytes));

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Where(v => !double.IsNaN(v)).Order()];
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    public static double Percentile(IReadOnlyList<double> sorted, double part) => sorted.Count == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Count - 1, sorted.Count * part)];

    private static double Of(IReadOnlyList<Figures> rounds, Func<Figures, double> figure) => Median(rounds.Select(figure));
}
