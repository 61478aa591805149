using Border0.PdSidecar.Load.Loads;
using Border0.PdSidecar.Load.Reporting;
using Border0.PdSidecar.Load.Servers;

namespace Border0.PdSidecar.Load.Scenarios;

/// <summary>What the decision log costs: two sidecars, one that writes it to its file and one that writes none, asked in turn.</summary>
internal static class DecisionLogCost
{
    public const string With = "open loop, 2,000/s, Unix socket, decision log on", Without = "open loop, 2,000/s, Unix socket, decision log off";

    public static async Task RunAsync(Report report, Length length)
    {
        await using var pagerDuty = await PagerDutyAccountForLoad.StartAsync();
        await using var on = await SidecarServer.StartAsync(pagerDuty);
        await using var off = await SidecarServer.StartAsync(pagerDuty, "--decision-log", "off");
        await on.AllowsAsync("bastion-1");
        await off.AllowsAsync("bastion-1");
        List<Figures> with = [], without = [];
        for (var i = 0; i < length.Pick(9, 5); i++)
        {
            // Whoever is second in one round is first in the next.
            foreach (var server in i % 2 == 0 ? new[] { on, off } : [off, on])
            {
                var load = new PacedLoad(server.Unix, server.Method, _ => server.Request, server.AnswerBegins, 2_000);
                (server == on ? with : without).Add(await Measure.RoundAsync(server, [load], Length.WarmUp, TimeSpan.FromSeconds(length.Pick(3, 2))));
            }
        }

        report.Add(With, Server.Sidecar, Figures.Median(with));
        report.Add(Without, Server.Sidecar, Figures.Median(without));
    }
}
