using System.Globalization;
using System.Text;
using Border0.PdSidecar.Load.Scenarios;

namespace Border0.PdSidecar.Load.Reporting;

/// <summary>Draws the growth curves as an SVG that reads on light and dark pages.</summary>
internal static class GrowthChart
{
    private const int PanelWidth = 440, PanelHeight = 250, Left = 50, Right = 15, Top = 56, Bottom = 48;
    private static readonly string[] Colours = ["#d9822b", "#2b7fd9", "#3aa35a"];

    public static string Draw(Report report)
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * PanelWidth} {PanelHeight}" font-family="sans-serif" font-size="11">
            <style>text {"{"} fill: #57606a {"}"} .grid {"{"} stroke: #8b949e; stroke-opacity: .35 {"}"} @media (prefers-color-scheme: dark) {"{"} text {"{"} fill: #b1bac4 {"}"} {"}"}</style>

            """);
        Panel(svg, 0, "server CPU µs per Evaluate", report, (Growth.Policies, "policies"), (Growth.OpenSessions, "open sessions"), (Growth.Services, "services"));
        Panel(svg, PanelWidth, "poll requests per minute", report, (Growth.PollsByServices, "services, one escalation policy"), (Growth.PollsByEscalationPolicies, "services, an escalation policy each"));
        return svg.Append("</svg>\n").ToString();
    }

    private static void Panel(StringBuilder svg, int x, string title, Report report, params ReadOnlySpan<(string Curve, string Label)> curves)
    {
        var most = 1.0;
        foreach (var (curve, _) in curves)
        {
            most = Math.Max(most, report.Curves.GetValueOrDefault(curve, []).Select(p => p.Y).DefaultIfEmpty(0).Max());
        }

        var step = Math.Pow(10, Math.Floor(Math.Log10(most)));
        step = most / step < 2 ? step / 2 : most / step < 5 ? step : step * 2;
        most = Math.Ceiling(most * 1.05 / step) * step;
        svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({x} 0)\">\n<text x=\"{Left}\" y=\"18\" font-size=\"13\" font-weight=\"bold\">{title}</text>\n");
        for (var y = 0.0; y <= most + (step / 2); y += step)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{PanelWidth - Right}\" y1=\"{Y(y):0.#}\" y2=\"{Y(y):0.#}\"/><text x=\"{Left - 6}\" y=\"{Y(y) + 4:0.#}\" text-anchor=\"end\">{y:0.##}</text>\n");
        }

        for (var decade = 1; decade <= 5; decade++)
        {
            var label = Math.Pow(10, decade).ToString("N0", CultureInfo.InvariantCulture);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{X(decade):0.#}\" x2=\"{X(decade):0.#}\" y1=\"{Top}\" y2=\"{PanelHeight - Bottom}\"/><text x=\"{X(decade):0.#}\" y=\"{PanelHeight - Bottom + 16}\" text-anchor=\"middle\">{label}</text>\n");
        }

        for (var i = 0; i < curves.Length; i++)
        {
            var points = report.Curves.GetValueOrDefault(curves[i].Curve, []);
            var line = string.Join(' ', points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(Math.Log10(p.X)):0.#},{Y(p.Y):0.#}")));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{Colours[i]}\" stroke-width=\"2\" points=\"{line}\"/>\n");
            foreach (var (px, py) in points)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(Math.Log10(px)):0.#}\" cy=\"{Y(py):0.#}\" r=\"3\" fill=\"{Colours[i]}\"/>\n");
            }

            var at = Left + (i * (curves.Length == 2 ? 190 : 120));
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{at}\" y=\"30\" width=\"10\" height=\"10\" fill=\"{Colours[i]}\"/><text x=\"{at + 15}\" y=\"39\">{curves[i].Label}</text>\n");
        }

        svg.Append("</g>\n");

        static double X(double decade) => Left + ((PanelWidth - Left - Right) * (decade - 1) / 4);

        double Y(double value) => PanelHeight - Bottom - ((PanelHeight - Top - Bottom) * value / most);
    }
}
