using System.Diagnostics;
using System.Net.Sockets;
using Border0.PdSidecar.Load.Loads;
using Border0.PdSidecar.Load.Reporting;
using Border0.PdSidecar.Load.Servers;

namespace Border0.PdSidecar.Load.Scenarios;

/// <summary>Start, idle, and how much memory is resident when.</summary>
internal static class Footprint
{
    public static async Task StartAsync(Report report, Length length)
    {
        List<double> first = [], again = [], echo = [];
        for (var i = 0; i < length.Pick(9, 5); i++)
        {
            using var folder = new TemporaryFolder();
            var socket = folder.Path("grpc.sock");
            List<string> arguments = ["serve", "--data", folder.Path("data"), "--grpc-socket", socket, "--grpc-tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"];
            first.Add(await FirstAnswerAsync(BuildFacts.SidecarBinary, arguments, socket));
            again.Add(await FirstAnswerAsync(BuildFacts.SidecarBinary, arguments, socket));
            echo.Add(await FirstAnswerAsync(EchoServer.Binary, ["--data", folder.Path("echo")], Path.Combine(folder.Path("echo"), "echo.sock")));
        }

        report.Add("start", "start to first answered Evaluate, restarted on its data directory", Figures.Median(again), "ms");
        report.Add("start-new", "start to first answered Evaluate, new data directory", Figures.Median(first), "ms");
        report.Add("start-echo", "start to first answered Evaluate, bare server", Figures.Median(echo), "ms");
    }

    /// <summary>The memory of servers that have done next to nothing yet.</summary>
    public static async Task IdleAsync(Report report, params IReadOnlyList<Server> servers)
    {
        await Task.Delay(TimeSpan.FromSeconds(3));
        foreach (var server in servers)
        {
            report.Add("idle-rss-" + server.Name, $"resident, idle, {server.Name}", server.ResidentMegabytes, "MB");
        }
    }

    /// <summary>100,000 open sessions.</summary>
    public static async Task SessionsAsync(Report report, SidecarServer sidecar, int sessions)
    {
        var before = sidecar.ResidentMegabytes;
        Sessions.Open(sidecar, "bastion-1", "many-", sessions, 100);
        await Task.Delay(TimeSpan.FromSeconds(3));
        report.Add("sessions-rss", $"resident, more by {sessions:N0} open sessions (from {before:0} MB)", sidecar.ResidentMegabytes - before, "MB");
    }

    /// <summary>A thousand services polled, then a thousand policies, ten thousand sessions and 2,000 requests/s.</summary>
    public static async Task LoadedAsync(Report report, Length length)
    {
        await using var pagerDuty = await PagerDutyAccountForLoad.StartAsync();
        var services = Enumerable.Range(0, 1_000).Select(i => pagerDuty.AddService($"Service {i}", ownEscalationPolicy: false)).ToList();
        services.ForEach(s => pagerDuty.Trigger(s));
        await using var sidecar = await SidecarServer.StartAsync(pagerDuty, services.Select((s, i) => SidecarServer.PolicyOf($"policy-{i}", s.Id, $"socket-{i}")));
        await sidecar.AllowsAsync("socket-999", TimeSpan.FromSeconds(60));
        await Task.Delay(TimeSpan.FromSeconds(length.Pick(10, 3)));
        var (cpu, begun) = (sidecar.CpuMicroseconds, Stopwatch.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(length.Pick(30, 15)));
        report.Add("idle-cpu", "CPU of an idle sidecar that polls 1,000 services", (sidecar.CpuMicroseconds - cpu) / 1e4 / Stopwatch.GetElapsedTime(begun).TotalSeconds, "% of a core");

        var requests = Enumerable.Range(0, 1_000).Select(i => Google.Protobuf.MessageExtensions.ToByteArray(Requests.Of($"socket-{i}"))).ToArray();
        for (var i = 0; i < 100; i++)
        {
            Sessions.Open(sidecar, $"socket-{i}", $"held-{i}-", 100, 10);
        }

        using var load = new PacedLoad(sidecar.Unix, sidecar.Method, n => requests[n % requests.Length], sidecar.AnswerBegins, 2_000);
        load.Start();
        var most = 0.0;
        for (var end = DateTime.UtcNow.AddSeconds(length.Pick(20, 8)); DateTime.UtcNow < end;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200));
            most = Math.Max(most, sidecar.ResidentMegabytes);
        }

        load.Stop();
        report.Add("loaded-rss", "resident at most: 1,000 policies, 10,000 sessions, 2,000 requests/s", most, "MB");
    }

    private static async Task<double> FirstAnswerAsync(string binary, IReadOnlyList<string> arguments, string socket)
    {
        if (File.Exists(socket))
        {
            // What the one before left behind.
            File.Delete(socket);
        }

        var endpoint = new UnixDomainSocketEndPoint(socket);
        var from = Stopwatch.GetTimestamp();
        await using var run = ProgramRun.Start(binary, arguments);
        while (Stopwatch.GetElapsedTime(from) < TimeSpan.FromSeconds(10))
        {
            try
            {
                if (File.Exists(socket) && OneCall.Ask(endpoint, "/border0.pdsidecar.v1.EvaluationService/Evaluate", Requests.Plain) is not null)
                {
                    return Stopwatch.GetElapsedTime(from).TotalMilliseconds;
                }
            }
            catch (SocketException)
            {
                // Not listening yet.
            }

            await Task.Delay(1);
        }

        throw new TimeoutException($"no answer of {binary}\n{run.Output}\n{run.Errors}");
    }
}
