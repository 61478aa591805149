using System.Globalization;

namespace Border0.PdSidecar.Load.Reporting;

/// <summary>Collects what was measured.</summary>
internal sealed class Report
{
    /// <summary>Loads: what was done, to whom, and what it came to.</summary>
    public List<(string Load, string Server, Figures Figures)> Loads { get; } = [];

    /// <summary>Single figures: a stable key, what it is, and its value with its unit's name.</summary>
    public List<(string Key, string What, double Value, string Unit)> Singles { get; } = [];

    /// <summary>Curves: a stable key and points.</summary>
    public Dictionary<string, List<(double X, double Y)>> Curves { get; } = [];

    /// <summary>Parts of the run that could not be measured.</summary>
    public List<string> Failed { get; } = [];

    public void Add(string load, string server, Figures figures)
    {
        Loads.Add((load, server, figures));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{load,-52} {server,-8} {figures.PerSecond,9:0}/s  p50 {figures.P50,7:0.000}  p99 {figures.P99,7:0.000}  p99.9 {figures.P999,7:0.000} ms  {figures.Cpu,7:0.0} µs CPU  {figures.Bytes,8:0} B"));
    }

    public void Add(string key, string what, double value, string unit)
    {
        Singles.Add((key, what, value, unit));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-80} {value,10:0.00} {unit}"));
    }

    public void Point(string curve, double x, double y)
    {
        Curves.TryAdd(curve, []);
        Curves[curve].Add((x, y));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{curve,-60} {x,8:0}: {y:0.00}"));
    }

    public Figures? Find(string load, string server) => Loads.FirstOrDefault(l => l.Load == load && l.Server == server).Figures;

    public double Single(string key) => Singles.Where(s => s.Key == key).Select(s => s.Value).DefaultIfEmpty(double.NaN).First();
}
