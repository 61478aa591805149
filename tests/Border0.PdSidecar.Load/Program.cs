using Border0.PdSidecar.Load.Reporting;
using Border0.PdSidecar.Load.Scenarios;
using Border0.PdSidecar.Load.Servers;

if (args is not ["quick" or "full", ..])
{
    await Console.Error.WriteLineAsync(
        "usage: Border0.PdSidecar.Load quick|full [start|idle|calls|h2load|fanout|sessions|loaded|memory|growth ...]\nDrives PDSIDECAR_BINARY, PDSIDECAR_ECHO and PDSIDECAR_CERBOS; eng/bench makes them.");
    return 2;
}

// Everything, or for somebody who works on one of them, some parts: the page of figures is written of everything only.
bool Has(string part) => args.Length == 1 || args.Contains(part);
var length = new Length(Full: args[0] == "full");
var report = new Report();
if (Has("start"))
{
    await Footprint.StartAsync(report, length);
}

if (args.Length == 1 || args.Any(a => a is "idle" or "calls" or "h2load" or "fanout" or "sessions"))
{
    await ServersAsync();
}

if (Has("loaded"))
{
    await Footprint.LoadedAsync(report, length);
}

if (Has("memory"))
{
    await MemoryAsync();
}

if (Has("growth"))
{
    await Growth.RunAsync(report, length);
}

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

return 0;

async Task ServersAsync()
{
    await using var pagerDuty = await PagerDutyAccountForLoad.StartAsync();
    await using var sidecar = await SidecarServer.StartAsync(pagerDuty);
    await using var echo = await EchoServer.StartAsync();
    await using var cerbos = await CerbosServer.StartAsync();
    List<Server> all = cerbos is null ? [sidecar, echo] : [sidecar, echo, cerbos];
    await sidecar.AllowsAsync("bastion-1");
    await echo.ShapeAsync("answer", await sidecar.Process.Evaluation.EvaluateAsync(Requests.Of("bastion-1")));
    if (Has("idle"))
    {
        await Footprint.IdleAsync(report, all);
    }

    if (Has("calls"))
    {
        await Calls.RunAsync(report, length, sidecar, echo, cerbos);
    }

    if (Has("h2load"))
    {
        await H2Load.RunAsync(report, length, all);
    }

    if (Has("fanout"))
    {
        await FanOut.RunAsync(report, length, sidecar, echo);
    }

    if (Has("sessions"))
    {
        await Calls.RunSessionsAsync(report, length, sidecar);
    }
}

async Task MemoryAsync()
{
    await using var pagerDuty = await PagerDutyAccountForLoad.StartAsync();
    await using var sidecar = await SidecarServer.StartAsync(pagerDuty);
    await sidecar.AllowsAsync("bastion-1");
    await Footprint.SessionsAsync(report, sidecar, 100_000);
}
