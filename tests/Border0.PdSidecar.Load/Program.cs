using Border0.PdSidecar.Load.Reporting;
using Border0.PdSidecar.Load.Scenarios;
using Border0.PdSidecar.Load.Servers;

if (args is not ["quick" or "full", ..])
{
    await Console.Error.WriteLineAsync(
        "usage: Border0.PdSidecar.Load quick|full [start|idle|calls|h2load|fanout|sessions|log|loaded|memory|growth ...]\nDrives PDSIDECAR_BINARY, PDSIDECAR_ECHO and PDSIDECAR_CERBOS; eng/bench makes them.");
    return 2;
}

// Everything, or for somebody who works on one of them, some parts: the page of figures is written of everything only.
bool Has(string part) => args.Length == 1 || args.Contains(part);
var length = new Length(Full: args[0] == "full");
var report = new Report();
await PartAsync("start", () => Footprint.StartAsync(report, length));
if (args.Length == 1 || args.Any(a => a is "idle" or "calls" or "h2load" or "fanout" or "sessions"))
{
    await GuardedAsync("servers", ServersAsync);
}

await PartAsync("log", () => DecisionLogCost.RunAsync(report, length));
await PartAsync("loaded", () => Footprint.LoadedAsync(report, length));
await PartAsync("memory", MemoryAsync);
await PartAsync("growth", () => Growth.RunAsync(report, length));
var figures = PerformancePage.Figures(report);
Console.WriteLine(figures);
var artifacts = Directory.CreateDirectory(Path.Combine(BuildFacts.RepositoryRoot, "artifacts"));
await File.WriteAllTextAsync(Path.Combine(artifacts.FullName, "bench.md"), figures);
if (Has("growth"))
{
    await File.WriteAllTextAsync(Path.Combine(artifacts.FullName, "bench-growth.svg"), GrowthChart.Draw(report));
}

if (length.Full && args.Length == 1)
{
    PerformancePage.Write(report);
}

return report.Failed.Count == 0 ? 0 : 1;

// One part that fails is told of, on the page too, and the others are measured all the same.
async Task PartAsync(string part, Func<Task> measure)
{
    if (Has(part))
    {
        await GuardedAsync(part, measure);
    }
}

async Task GuardedAsync(string part, Func<Task> measure)
{
    try
    {
        await measure();
    }
#pragma warning disable CA1031 // Whatever it was, it is told.
    catch (Exception e)
#pragma warning restore CA1031
    {
        report.Failed.Add(part);
        await Console.Error.WriteLineAsync($"eng/bench: part {part} failed: {e}");
    }
}

async Task ServersAsync()
{
    await using var pagerDuty = await PagerDutyAccountForLoad.StartAsync();
    await using var sidecar = await SidecarServer.StartAsync(pagerDuty);
    await using var echo = await EchoServer.StartAsync();
    await using var cerbos = await CerbosServer.StartAsync();
    List<Server> all = cerbos is null ? [sidecar, echo] : [sidecar, echo, cerbos];
    await sidecar.AllowsAsync("bastion-1");
    await echo.ShapeAsync("answer", await sidecar.Process.Evaluation.EvaluateAsync(Requests.Of("bastion-1")));
    await PartAsync("idle", () => Footprint.IdleAsync(report, all));
    await PartAsync("calls", () => Calls.RunAsync(report, length, sidecar, echo, cerbos));
    await PartAsync("h2load", () => H2Load.RunAsync(report, length, all));
    await PartAsync("fanout", () => FanOut.RunAsync(report, length, sidecar, echo));
    await PartAsync("sessions", () => Calls.RunSessionsAsync(report, length, sidecar));
}

async Task MemoryAsync()
{
    await using var pagerDuty = await PagerDutyAccountForLoad.StartAsync();
    await using var sidecar = await SidecarServer.StartAsync(pagerDuty);
    await sidecar.AllowsAsync("bastion-1");
    await Footprint.SessionsAsync(report, sidecar, 100_000);
}
