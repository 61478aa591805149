using Border0.PdSidecar.Load.Loads;
using Border0.PdSidecar.Load.Reporting;
using Border0.PdSidecar.Load.Servers;

namespace Border0.PdSidecar.Load.Scenarios;

/// <summary>What a call costs as there is more of everything, and how often PagerDuty is asked.</summary>
internal static class Growth
{
    public const string Policies = "server CPU µs per Evaluate, by policies", Services = "server CPU µs per Evaluate, by services", OpenSessions = "server CPU µs per Evaluate, by open sessions";
    public const string PollsByServices = "poll requests per minute, by services of one escalation policy", PollsByEscalationPolicies = "poll requests per minute, by services with an escalation policy each";

    public static async Task RunAsync(Report report, Length length)
    {
        int[] sizes = [10, 100, 1_000, 10_000, 100_000];
        foreach (var policies in length.Pick(sizes, [10, 10_000]))
        {
            await using var pagerDuty = await PagerDutyAccountForLoad.StartAsync();
            await CostAsync(report, Policies, policies, length, pagerDuty, Enumerable.Range(0, policies - 1).Select(i => SidecarServer.PolicyOf($"p-{i}", pagerDuty.Payments.Id, $"socket-{i}")));
        }

        foreach (var services in length.Pick(sizes, [10, 1_000]))
        {
            // A key without the usual limit: what is measured is the call, not how long the first look at so many services takes.
            await using var pagerDuty = await PagerDutyAccountForLoad.StartAsync(limitPerMinute: 10_000_000);
            await CostAsync(report, Services, services, length, pagerDuty, Many(pagerDuty, services - 1, ownEscalationPolicy: false));
        }

        await SessionsAsync(report, length, length.Pick(sizes, [10, 1_000]));
        await PollsAsync(report, length, length.Pick<int[]>([10, 100, 1_000, 10_000], [10, 1_000]));
    }

    private static async Task CostAsync(
        Report report, string curve, int size, Length length, PagerDutyAccountForLoad pagerDuty, IEnumerable<V1.Policy> others)
    {
        await using var sidecar = await SidecarServer.StartAsync(pagerDuty, others.Append(SidecarServer.PolicyOf("payments-ssh", pagerDuty.Payments.Id, "bastion-1")));
        try
        {
            await sidecar.AllowsAsync("bastion-1", TimeSpan.FromSeconds(45));
        }
        catch (TimeoutException)
        {
            Console.WriteLine($"{curve}: {size}: not ready in time, left out");
            return;
        }

        report.Point(curve, size, await CostAsync(sidecar, length));
    }

    private static async Task SessionsAsync(Report report, Length length, int[] sizes)
    {
        await using var pagerDuty = await PagerDutyAccountForLoad.StartAsync();
        await using var sidecar = await SidecarServer.StartAsync(pagerDuty);
        await sidecar.AllowsAsync("bastion-1");
        var open = 0;
        foreach (var size in sizes)
        {
            Sessions.Open(sidecar, "bastion-1", $"g{size}-", size - open, 100);
            open = size;
            report.Point(OpenSessions, size, await CostAsync(sidecar, length));
        }
    }

    private static async Task<double> CostAsync(SidecarServer sidecar, Length length)
    {
        List<double> rounds = [];
        for (var i = 0; i < 3; i++)
        {
            rounds.Add((await Measure.RoundAsync(sidecar, Calls.Unary(sidecar, unix: true, 1, 16), Length.WarmUp, length.Round)).Cpu);
        }

        return Figures.Median(rounds);
    }

    /// <summary>All sizes at once, since each has to run for more than a minute.</summary>
    private static async Task PollsAsync(Report report, Length length, int[] sizes)
    {
        var minute = TimeSpan.FromSeconds(length.Pick(60, 15));
        var runs = sizes.SelectMany(size => new[] { (Size: size, Own: false), (Size: size, Own: true) }).Select(async run =>
        {
            await using var pagerDuty = await PagerDutyAccountForLoad.StartAsync();
            await using var sidecar = await SidecarServer.StartAsync(pagerDuty, Many(pagerDuty, run.Size, run.Own));
            await Task.Delay(TimeSpan.FromSeconds(length.Pick(30, 5)));
            var before = pagerDuty.Server.Requests.Count();
            await Task.Delay(minute);
            return (run.Own, run.Size, PerMinute: (pagerDuty.Server.Requests.Count() - before) / minute.TotalMinutes);
        });
        foreach (var (own, size, perMinute) in (await Task.WhenAll(runs)).OrderBy(r => r.Own).ThenBy(r => r.Size))
        {
            report.Point(own ? PollsByEscalationPolicies : PollsByServices, size, perMinute);
        }
    }

    private static List<V1.Policy> Many(PagerDutyAccountForLoad pagerDuty, int services, bool ownEscalationPolicy) =>
    [
        .. Enumerable.Range(0, services).Select(i => SidecarServer.PolicyOf($"s-{i}", pagerDuty.AddService($"Service {i}", ownEscalationPolicy).Id, $"socket-{i}")),
    ];
}
