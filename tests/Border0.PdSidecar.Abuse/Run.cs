using System.Diagnostics;
using System.Globalization;
using System.Net;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Abuse;

/// <summary>One abuse of one sidecar, and what it came to.</summary>
/// <param name="Abuse">What was done.</param>
/// <param name="Seen">What the abuser was answered.</param>
/// <param name="Before">The sidecar's resident megabytes before it.</param>
/// <param name="Peak">The most of them meanwhile.</param>
/// <param name="After">Some seconds after it was over.</param>
/// <param name="Calm">The other caller's latencies before, in milliseconds, sorted.</param>
/// <param name="Abused">The same meanwhile.</param>
/// <param name="HasEnded">Whether the sidecar is no more.</param>
public sealed record Run(Abuse Abuse, Seen Seen, double Before, double Peak, double After, double[] Calm, double[] Abused, bool HasEnded)
{
    /// <summary>What no abuse may make of the sidecar's memory, in megabytes.</summary>
    public const double MostMemory = 700;

    /// <summary>What is wrong; empty when nothing is.</summary>
    public string Wrong => string.Join("; ", ((string?[])
        [
            HasEnded ? "the sidecar ended" : null,
            Peak > MostMemory ? $"more than {MostMemory:0} MB" : null,
            Seen.Answers.Contains(Abuse.Expected) ? null : $"the abuser never saw {Abuse.Expected}",
            Seen.Answers.Contains(Seen.TookAll) ? "the abuser was never stopped" : null,
            Abused.Length > 0 && double.IsFinite(Abused[^1]) ? null : "another caller was not answered",
        ]).Where(w => w is not null));

    /// <summary>Abuses a sidecar of its own.</summary>
    /// <param name="abuse">What is done.</param>
    /// <param name="scale">How much of it.</param>
    /// <param name="calm">How long the other caller is measured before.</param>
    /// <param name="atLeast">How long it is abused.</param>
    /// <param name="atMost">How long the abuser goes on, at most, to be answered as is expected.</param>
    public static async Task<Run> OfAsync(Abuse abuse, int scale, TimeSpan calm, TimeSpan atLeast, TimeSpan atMost)
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(
            folder, null, null, "--log-level", "critical", "--max-sessions-per-connector", $"{2000 * scale}", "--max-connectors", $"{2000 * scale}");
        await sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest
        {
            Policy = new Policy { Name = "everybody", OrgWide = true, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } },
        });
        var good = new EvaluationService.EvaluationServiceClient(sidecar.OverUnixSocket());
        await AskAsync(TimeSpan.FromSeconds(1));
        var before = Memory();
        var quiet = await AskAsync(calm);
        var (seen, peak) = (new Seen(), before);
        using var over = new CancellationTokenSource(atMost);
        using var watched = new CancellationTokenSource();
        var watching = WatchAsync(watched.Token);
        var asking = GoodCaller.AskAsync(good, over.Token);
        var ending = EndAsync();
        await abuse.RunAsync(new Target(IPEndPoint.Parse(sidecar.GrpcTcp), sidecar.Http, scale), seen, over.Token);
        var loud = await asking;
        await ending;
        await AskAsync(TimeSpan.FromSeconds(1));
        await watched.CancelAsync();
        await watching;
        return new Run(abuse, seen, before, peak, sidecar.Run.HasExited ? double.NaN : Memory(), quiet, loud, sidecar.Run.HasExited);

        async Task<double[]> AskAsync(TimeSpan time)
        {
            using var end = new CancellationTokenSource(time);
            return await GoodCaller.AskAsync(good, end.Token);
        }

        double Memory() => double.Parse(
            File.ReadLines($"/proc/{sidecar.Run.Id}/status").Single(l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) / 1024;

        async Task EndAsync()
        {
            for (var begin = Stopwatch.GetTimestamp(); !over.IsCancellationRequested; await Task.Delay(50, CancellationToken.None))
            {
                if (Stopwatch.GetElapsedTime(begin) >= atLeast && seen.Answers.Contains(abuse.Expected))
                {
                    await over.CancelAsync();
                }
            }
        }

        async Task WatchAsync(CancellationToken end)
        {
            while (!end.IsCancellationRequested && !sidecar.Run.HasExited)
            {
                peak = Math.Max(peak, Memory());
                await Task.Delay(50, CancellationToken.None);
            }
        }
    }

    public override string ToString()
    {
        var (calm, abused) = (GoodCaller.Percentile(Calm, 0.99), GoodCaller.Percentile(Abused, 0.99));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {Abuse.Name} | {Seen.Summary} | {Before:0} / {Peak:0} / {After:0} | {GoodCaller.Percentile(Calm, 0.5):0.0} / {calm:0.0} | {GoodCaller.Percentile(Abused, 0.5):0.0} / {abused:0.0} | {abused / calm:0.0} | {(Wrong.Length > 0 ? Wrong : "ok")} |");
    }
}
