using Border0.PdSidecar.Load.Reporting;
using Border0.PdSidecar.Load.Scenarios;
using Border0.PdSidecar.Load.Servers;

if (args is not ["quick" or "full", ..])
{
    await Console.Error.WriteLineAsync("usage: Border0.PdSidecar.Load quick|full\nDrives PDSIDECAR_BINARY, PDSIDECAR_ECHO and PDSIDECAR_CERBOS; eng/bench makes them.");
    return 2;
}

var length = new Length(Full: args[0] == "full");
var report = new Report();
await Footprint.StartAsync(report, length);
await using (var pagerDuty = await PagerDutyAccountForLoad.StartAsync())
await using (var sidecar = await SidecarServer.StartAsync(pagerDuty))
await using (var echo = await EchoServer.StartAsync())
await using (var cerbos = await CerbosServer.StartAsync())
{
    await sidecar.AllowsAsync("bastion-1");
    await echo.ShapeAsync("answer", await sidecar.Process.Evaluation.EvaluateAsync(Requests.Of("bastion-1")));
    await Footprint.IdleAsync(report, cerbos is null ? [sidecar, echo] : [sidecar, echo, cerbos]);
    await Calls.RunAsync(report, length, sidecar, echo, cerbos);
    await H2Load.RunAsync(report, length, cerbos is null ? [sidecar, echo] : [sidecar, echo, cerbos]);
    await FanOut.RunAsync(report, length, sidecar, echo);
    await Calls.RunSessionsAsync(report, length, sidecar);
}

await Footprint.LoadedAsync(report, length);
await using (var pagerDuty = await PagerDutyAccountForLoad.StartAsync())
await using (var sidecar = await SidecarServer.StartAsync(pagerDuty))
{
    await sidecar.AllowsAsync("bastion-1");
    await Footprint.SessionsAsync(report, sidecar, 100_000);
}

await Growth.RunAsync(report, length);
var figures = PerformancePage.Figures(report);
Console.WriteLine(figures);
var artifacts = Directory.CreateDirectory(Path.Combine(BuildFacts.RepositoryRoot, "artifacts"));
await File.WriteAllTextAsync(Path.Combine(artifacts.FullName, "bench.md"), figures);
await File.WriteAllTextAsync(Path.Combine(artifacts.FullName, "bench-growth.svg"), GrowthChart.Draw(report));
if (length.Full)
{
    PerformancePage.Write(report);
}

return 0;
