using System.Globalization;
using System.Text;
using Border0.PdSidecar.Load.Servers;

namespace Border0.PdSidecar.Load.Reporting;

/// <summary>Writes the figures into docs/performance.md, between markers, so that what people wrote around them stays.</summary>
internal static class PerformancePage
{
    private const string Begin = "<!-- eng/bench writes from here -->", End = "<!-- to here -->";

    public static void Write(Report report)
    {
        var docs = Directory.CreateDirectory(Path.Combine(BuildFacts.RepositoryRoot, "docs")).FullName;
        var page = Path.Combine(docs, "performance.md");
        var text = File.ReadAllText(page);
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        File.WriteAllText(page, text[..from] + "\n" + Figures(report) + text[to..]);
        File.WriteAllText(Path.Combine(docs, "performance-growth.svg"), GrowthChart.Draw(report));
    }

    /// <summary>Everything that was measured, as Markdown.</summary>
    public static string Figures(Report report)
    {
        var text = new StringBuilder($"\nMeasured {Machine.Line}. Medians of interleaved rounds.\n\n");
        if (report.Failed.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"**Not measured in this run, because it failed: {string.Join(", ", report.Failed)}.**\n\n");
        }

        text.Append("### Targets\n\n| | target | reached | |\n| --- | ---: | ---: | --- |\n");
        foreach (var target in Targets.Of(report))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {target.What} | {target.Wanted} | {target.Reached} | {(target.Met ? "met" : "**not met**")} |\n");
        }

        text.Append("\n### Calls\n\n| load | server | requests/s | p50 ms | p99 ms | p99.9 ms | server CPU µs/request | bytes/request | CPU against echo |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
        foreach (var (load, server, f) in report.Loads)
        {
            var ratio = report.Find(load, Server.Echo) is { } echo ? f.Cpu / echo.Cpu : double.NaN;
            text.Append(CultureInfo.InvariantCulture, $"| {load} | {server} | {f.PerSecond:0} | {Number(f.P50, "0.00")} | {Number(f.P99, "0.00")} | {Number(f.P999, "0.00")} | {f.Cpu:0.0} | {Number(f.Bytes, "0")} | {Number(ratio, "0.00")} |\n");
        }

        text.Append("\n### Start, memory, revocations\n\n| | |\n| --- | ---: |\n");
        foreach (var (_, what, value, unit) in report.Singles)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {what} | {value:0.00} {unit} |\n");
        }

        text.Append("\n### As it grows\n\n![Cost per Evaluate and polls per minute as there is more of everything](performance-growth.svg)\n");
        foreach (var (curve, points) in report.Curves)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n| {curve} |{string.Join('|', points.Select(p => $" {p.X.ToString("N0", CultureInfo.InvariantCulture)} "))}|\n");
            text.Append(CultureInfo.InvariantCulture, $"| --- |{string.Concat(Enumerable.Repeat(" ---: |", points.Count))}\n");
            text.Append(CultureInfo.InvariantCulture, $"| |{string.Join('|', points.Select(p => $" {p.Y.ToString("0.0", CultureInfo.InvariantCulture)} "))}|\n");
        }

        return text.Append('\n').ToString();
    }

    private static string Number(double value, string format) => double.IsNaN(value) ? "" : value.ToString(format, CultureInfo.InvariantCulture);
}
