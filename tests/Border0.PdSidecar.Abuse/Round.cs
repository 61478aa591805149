namespace Border0.PdSidecar.Abuse;

/// <summary>The other caller's latencies in calm and, just after, while somebody abuses the same sidecar.</summary>
/// <param name="Calm">Milliseconds, sorted.</param>
/// <param name="Abused">The same.</param>
public sealed record Round(double[] Calm, double[] Abused)
{
    /// <summary>By how much the slowest hundredth is slower.</summary>
    public double Ratio => GoodCaller.Percentile(Abused, 0.99) / GoodCaller.Percentile(Calm, 0.99);
}
