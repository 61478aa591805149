using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;
using Border0.PdSidecar.Load.Reporting;
using Border0.PdSidecar.Load.Servers;

namespace Border0.PdSidecar.Load.Scenarios;

/// <summary>The same unary calls driven by nghttp2's h2load, with a prepared gRPC body: a second opinion on our own load generator.</summary>
internal static partial class H2Load
{
    public const string Name = "h2load: unary, TCP, 1 connection, 16 in flight";

    public static async Task RunAsync(Report report, Length length, IReadOnlyList<Server> servers)
    {
        if (!File.Exists("/usr/bin/h2load"))
        {
            Console.WriteLine("h2load is not installed; its lines are left out");
            return;
        }

        using var folder = new TemporaryFolder();
        var rounds = servers.ToDictionary(s => s, _ => new List<Figures>());
        for (var i = 0; i < length.Rounds; i++)
        {
            foreach (var server in servers)
            {
                rounds[server].Add(await RoundAsync(server, folder, server.Name == Server.Cerbos ? 10_000 : length.Pick(100_000, 40_000)));
            }
        }

        foreach (var server in servers)
        {
            report.Add(Name, server.Name, Figures.Median(rounds[server]));
        }
    }

    private static async Task<Figures> RoundAsync(Server server, TemporaryFolder folder, int requests)
    {
        var body = new byte[server.Request.Length + 5];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), server.Request.Length);
        server.Request.CopyTo(body, 5);
        var file = folder.Path("body");
        await File.WriteAllBytesAsync(file, body);
        var (cpu, bytes) = (server.CpuMicroseconds, await server.AllocatedBytesAsync());
        await using var run = ProgramRun.Start(
            "/usr/bin/h2load",
            ["-n", requests.ToString(CultureInfo.InvariantCulture), "-c", "1", "-m", "16", "-t", "1", "-d", file, "-H", "content-type: application/grpc", "-H", "te: trailers", $"http://{server.Tcp}{server.Method}"]);
        await run.ExitAsync(TimeSpan.FromSeconds(60));
        cpu = server.CpuMicroseconds - cpu;
        bytes = await server.AllocatedBytesAsync() - bytes;
        await Eventually.SeesAsync(() => PerSecond().Match(run.Output) is { Success: true } seen ? seen : null, "h2load's summary");
        return run.Output.Contains($" {requests} succeeded", StringComparison.Ordinal)
            ? new Figures(double.Parse(PerSecond().Match(run.Output).Groups[1].Value, CultureInfo.InvariantCulture), double.NaN, double.NaN, double.NaN, cpu / requests, bytes / requests)
            : throw new InvalidDataException("h2load: not every request succeeded\n" + run.Output);
    }

    [GeneratedRegex(@"([\d.]+) req/s")]
    private static partial Regex PerSecond();
}
