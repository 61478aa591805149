using Border0.PdSidecar.Scale;

// What a fleet of any size costs etcd, PagerDuty and its sidecars: unit costs measured on a real etcd, then multiplied; and elections simulated.
//   dotnet run -c Release --project tests/Border0.PdSidecar.Scale [--sidecars N --organizations N --services N]
var given = args.Chunk(2).Where(a => a.Length == 2).ToDictionary(a => a[0], a => int.Parse(a[1], System.Globalization.CultureInfo.InvariantCulture));
var sidecars = given.GetValueOrDefault("--sidecars", 10_000);
var organizations = given.GetValueOrDefault("--organizations", 1_000);
var services = given.GetValueOrDefault("--services", 100_000);
System.Globalization.CultureInfo.CurrentCulture = System.Globalization.CultureInfo.InvariantCulture;

var costs = await Measuring.RunAsync();
costs.Print(Console.Out);
Console.WriteLine();
var (each, own) = (sidecars / organizations, services / organizations);
Layout[] layouts =
[
    new("40 sidecars, 1 integration of 500 services", 40, 1, 500, 1),
    new("all under one prefix", sidecars, organizations, services, 1),
    new("all under one prefix, 100 sidecars behind each etcd proxy", sidecars, organizations, services, 1, 100),
    new("a prefix for each organization, one cluster", each, 1, own, organizations),
    new("a prefix for each organization, ten clusters", each, 1, own, organizations / 10),
];
Console.WriteLine("| layout (of one cluster) | writes/s | changes told/s | MB/s | signs of life/s | etcd: cores | etcd: MiB | a sidecar: MiB | a sidecar: CPU | PagerDuty: requests/min a key (alone) | used most |");
Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
foreach (var l in layouts)
{
    Console.WriteLine(
        $"| {l.Name} | {l.WritesPerSecond:#,0.0} | {l.EventsPerSecond:#,0} | {l.WatchBytesPerSecond(costs) / 1e6:#,0.0} | {l.KeepAlivesPerSecond:#,0} | {l.EtcdCores(costs):#,0.00} | {l.EtcdMegabytes(costs):#,0} | "
        + $"{l.SidecarMegabytes(costs):#,0.0} | {l.SidecarPercent(costs):0.0} % | {l.RequestsPerMinute:#,0} ({l.RequestsPerMinuteAlone:#,0}) | {l.BreaksFirst(costs)} |");
}

Console.WriteLine();
Console.WriteLine($"| {sidecars} members and {organizations} integrations under one prefix | | |");
Console.WriteLine("| --- | --- | --- |");
new ElectionSimulation(sidecars, organizations).Run(Console.Out);
