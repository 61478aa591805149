namespace Border0.PdSidecar.Telemetry;

/// <summary>/metrics: what is collected, in Prometheus' text format.</summary>
internal sealed class MetricsPage(MetricsCollector collector)
{
    /// <summary>The page.</summary>
    public string Write()
    {
        var page = new Exposition();
        foreach (var family in collector.Collect())
        {
            page.Begin(family.Instrument);
            var name = Exposition.NameOf(family.Instrument);
            foreach (var point in family.Points)
            {
                if (point.Counts is { } counts)
                {
                    page.Add(name, Exposition.Labels(point.Tags), point.Bounds!, i => counts[i], point.Value);
                }
                else
                {
                    page.Add(name, Exposition.Labels(point.Tags), point.Value);
                }
            }
        }

        return page.ToString();
    }
}
