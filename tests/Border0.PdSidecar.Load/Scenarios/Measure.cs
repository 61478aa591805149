using System.Diagnostics;
using Border0.PdSidecar.Load.Loads;
using Border0.PdSidecar.Load.Reporting;
using Border0.PdSidecar.Load.Servers;

namespace Border0.PdSidecar.Load.Scenarios;

/// <summary>Measures one round of a load on a server.</summary>
internal static class Measure
{
    public static async Task<Figures> RoundAsync(Server server, IReadOnlyList<LoadThread> load, TimeSpan warmUp, TimeSpan duration)
    {
        try
        {
            foreach (var thread in load)
            {
                thread.Start();
            }

            await Task.Delay(warmUp);
            var bytes = await server.AllocatedBytesAsync();
            foreach (var thread in load)
            {
                thread.Record();
            }

            var (begun, cpu, completed) = (Stopwatch.GetTimestamp(), server.CpuMicroseconds, load.Sum(t => t.Completed));
            await Task.Delay(duration);
            var (requests, took) = ((double)(load.Sum(t => t.Completed) - completed), Stopwatch.GetElapsedTime(begun).TotalSeconds);
            cpu = server.CpuMicroseconds - cpu;
            bytes = await server.AllocatedBytesAsync() - bytes;
            // The two pages of metrics are a little further apart than the two counts of requests. The runtime adds up what was allocated
            // at collections: a round without one says nothing.
            double[] latencies = [.. load.SelectMany(t => t.Stop()).Select(t => t * 1000.0 / Stopwatch.Frequency).Order()];
            return new Figures(
                requests / took,
                Figures.Percentile(latencies, 0.5),
                Figures.Percentile(latencies, 0.99),
                Figures.Percentile(latencies, 0.999),
                cpu / requests,
                bytes > 0 ? bytes / requests : double.NaN);
        }
        finally
        {
            foreach (var thread in load)
            {
                thread.Dispose();
            }
        }
    }

    /// <summary>Interleaved rounds of the same load on several servers, so that a slow minute of the machine hits all of them.</summary>
    public static async Task RoundsAsync(
        Report report, string name, Length length, IReadOnlyList<Server> servers, Func<Server, IReadOnlyList<LoadThread>> load, TimeSpan? duration = null)
    {
        var rounds = servers.ToDictionary(s => s, _ => new List<Figures>());
        for (var i = 0; i < length.Rounds; i++)
        {
            foreach (var server in servers)
            {
                rounds[server].Add(await RoundAsync(server, load(server), Length.WarmUp, duration ?? length.Round));
            }
        }

        foreach (var server in servers)
        {
            report.Add(name, server.Name, Figures.Median(rounds[server]));
        }
    }
}
