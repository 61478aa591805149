using System.Diagnostics;
using Border0.PdSidecar.Load.Loads;
using Border0.PdSidecar.Load.Reporting;
using Border0.PdSidecar.Load.Servers;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Load.Scenarios;

/// <summary>How long one resolve takes to reach every session that it ends, from the sending of the webhook to the last event at the client.</summary>
internal static class FanOut
{
    public static async Task RunAsync(Report report, Length length, SidecarServer sidecar, EchoServer echo)
    {
        var service = sidecar.PagerDuty.AddService("Fan-out", ownEscalationPolicy: false);
        await sidecar.AttachAsync("fan-out", service.Id, "fan-out");
        await ShapeAsync(sidecar, echo, service);
        foreach (var (sessions, watchers) in new[] { (10_000, 100), (1_000, 10) })
        {
            List<double> ours = [], theirs = [];
            for (var i = 0; i < length.Rounds; i++)
            {
                ours.Add(await ResolveAsync(sidecar, service, sessions, watchers, $"f{watchers}-{i}-"));
                theirs.Add(await BurstAsync(echo, sessions, watchers));
            }

            var (mine, bare) = (Figures.Median(ours), Figures.Median(theirs));
            report.Add($"fanout-{sessions}", $"one resolve ends {sessions:N0} sessions on {watchers} watchers: last event, sidecar", mine, "ms");
            report.Add($"fanout-{sessions}-echo", $"as many messages on {watchers} watchers of the bare server: last message", bare, "ms");
        }

        await OneAmongManyAsync(report, length, sidecar);
    }

    private static async Task<double> ResolveAsync(SidecarServer sidecar, Simulator.Model.SimulatedService service, int sessions, int watchers, string prefix)
    {
        var incident = sidecar.PagerDuty.Trigger(service);
        await sidecar.PagerDuty.TellAsync(sidecar.Process, "triggered", incident);
        await sidecar.AllowsAsync("fan-out");
        await using var watching = await Watchers.StartAsync(sidecar.Unix, watchers);
        Sessions.Open(sidecar, "fan-out", prefix, sessions, watchers);
        var seen = watching.SeesAsync(sessions);
        sidecar.PagerDuty.Resolve(incident);
        var from = Stopwatch.GetTimestamp();
        await sidecar.PagerDuty.TellAsync(sidecar.Process, "resolved", incident);
        return Stopwatch.GetElapsedTime(from, await seen.WaitAsync(TimeSpan.FromSeconds(30))).TotalMilliseconds;
    }

    private static async Task<double> BurstAsync(EchoServer echo, int messages, int watchers)
    {
        await using var watching = await Watchers.StartAsync(echo.Unix, watchers);
        var seen = watching.SeesAsync(messages);
        var from = Stopwatch.GetTimestamp();
        await echo.BurstAsync(messages / watchers);
        return Stopwatch.GetElapsedTime(from, await seen.WaitAsync(TimeSpan.FromSeconds(30))).TotalMilliseconds;
    }

    private static async Task OneAmongManyAsync(Report report, Length length, SidecarServer sidecar)
    {
        await using var watching = await Watchers.StartAsync(sidecar.Unix, 100);
        Sessions.Open(sidecar, "bastion-1", "stays-", 10_000, 100);
        var service = sidecar.PagerDuty.AddService("One", ownEscalationPolicy: false);
        await sidecar.AttachAsync("one", service.Id, "one");
        await sidecar.SyncAsync();
        List<double> took = [];
        for (var i = 0; i < length.Pick(200, 60); i++)
        {
            var incident = sidecar.PagerDuty.Trigger(service);
            await sidecar.PagerDuty.TellAsync(sidecar.Process, "triggered", incident);
            await sidecar.AllowsAsync("one");
            Sessions.Open(sidecar, "one", $"one-{i}-", 1, 1);
            var seen = watching.SeesAsync(1);
            sidecar.PagerDuty.Resolve(incident);
            var from = Stopwatch.GetTimestamp();
            await sidecar.PagerDuty.TellAsync(sidecar.Process, "resolved", incident);
            took.Add(Stopwatch.GetElapsedTime(from, await seen.WaitAsync(TimeSpan.FromSeconds(10))).TotalMilliseconds);
        }

        took.Sort();
        report.Add("one-p50", "one resolve ends one session among 10,000: p50", Figures.Percentile(took, 0.5), "ms");
        report.Add("one-p99", $"one resolve ends one session among 10,000: p99 of {took.Count}", Figures.Percentile(took, 0.99), "ms");
    }

    /// <summary>Hands the echo an answer and an event of the sidecar's own, so that both send the very same messages.</summary>
    public static async Task ShapeAsync(SidecarServer sidecar, EchoServer echo, Simulator.Model.SimulatedService service)
    {
        var incident = sidecar.PagerDuty.Trigger(service);
        await sidecar.PagerDuty.TellAsync(sidecar.Process, "triggered", incident);
        await sidecar.AllowsAsync("fan-out");
        await using var watching = await Watching.StartAsync(sidecar.Process.Evaluation, new WatchSessionsRequest { ConnectorId = "c0" });
        await sidecar.Process.Evaluation.EvaluateAsync(Requests.Of("fan-out", "c0", "f100-0-1234"));
        sidecar.PagerDuty.Resolve(incident);
        await sidecar.PagerDuty.TellAsync(sidecar.Process, "resolved", incident);
        await echo.ShapeAsync("event", await watching.NextAsync());
    }
}
