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
/// <param name="Rounds">The other caller's latencies, calm and abused by turns.</param>
/// <param name="HasEnded">Whether the sidecar is no more.</param>
/// <param name="MostRatio">What the median of the rounds' ratios may be at most.</param>
public sealed record Run(Abuse Abuse, Seen Seen, double Before, double Peak, double After, IReadOnlyList<Round> Rounds, bool HasEnded, double MostRatio)
{
    /// <summary>What no abuse may make of the sidecar's memory, in megabytes.</summary>
    public const double MostMemory = 700;

    /// <summary>How many times as long as in calm the other caller's slowest hundredth takes: the median of the rounds.</summary>
    public double Ratio => Median(r => r.Ratio);

    /// <summary>What is wrong; empty when nothing is.</summary>
    public string Wrong => string.Join("; ", ((string?[])
        [
            HasEnded ? "the sidecar ended" : null,
            Peak > MostMemory ? $"more than {MostMemory:0} MB" : null,
            Seen.Answers.Contains(Abuse.Expected) ? null : $"the abuser never saw {Abuse.Expected}",
            Seen.Answers.Contains(Seen.TookAll) ? "the abuser was never stopped" : null,
            Rounds.All(r => r.Abused.Length > 0 && double.IsFinite(r.Abused[^1])) ? null : "another caller was not answered",
            Ratio <= MostRatio ? null : string.Create(CultureInfo.InvariantCulture, $"another caller's p99 is more than {MostRatio:0.#} times that of calm"),
        ]).Where(w => w is not null));

    /// <summary>Abuses a sidecar of its own.</summary>
    /// <param name="abuse">What is done.</param>
    /// <param name="scale">How much of it.</param>
    /// <param name="calm">How long the other caller is measured before, each time.</param>
    /// <param name="atLeast">How long it is abused, each time.</param>
    /// <param name="atMost">How long the abuser goes on, at most, to be answered as is expected.</param>
    /// <param name="rounds">How often.</param>
    /// <param name="mostRatio">
    /// What the ratio may be at most. Then the abuser, and in calm a load that is as large and abuses nobody, runs in a process of its own
    /// behind everybody else's; otherwise it runs in this process, and what it takes from the processors is not told apart.
    /// </param>
    public static async Task<Run> OfAsync(
        Abuse abuse, int scale, TimeSpan calm, TimeSpan atLeast, TimeSpan atMost, int rounds = 1, double mostRatio = double.PositiveInfinity)
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(
            folder, null, null, "--log-level", "critical", "--max-sessions-per-connector", $"{2000 * scale}", "--max-connectors", $"{2000 * scale}");
        await sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest
        {
            Policy = new Policy { Name = "everybody", OrgWide = true, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } },
        });
        var good = new EvaluationService.EvaluationServiceClient(sidecar.OverUnixSocket());
        var target = new Target(IPEndPoint.Parse(sidecar.GrpcTcp), sidecar.Http, scale);
        var isApart = double.IsFinite(mostRatio);
        await CalmAsync(TimeSpan.FromSeconds(1));
        var before = Memory();
        var (seen, peak, measured) = (new Seen(), before, new List<Round>());
        using var watched = new CancellationTokenSource();
        var watching = WatchAsync(watched.Token);
        while (measured.Count < rounds)
        {
            var quiet = await CalmAsync(calm);
            measured.Add(new Round(quiet, await AbusedAsync()));
            await CalmAsync(TimeSpan.FromSeconds(1));
        }

        await watched.CancelAsync();
        await watching;
        return new Run(abuse, seen, before, peak, sidecar.Run.HasExited ? double.NaN : Memory(), measured, sidecar.Run.HasExited, mostRatio);

        async Task<double[]> CalmAsync(TimeSpan time)
        {
            using var end = new CancellationTokenSource();
            var beside = isApart ? Abuser.RunAsync(Abuse.Harmless, target, new Seen(), end.Token) : Task.CompletedTask;
            end.CancelAfter(time);
            var took = await GoodCaller.AskAsync(good, end.Token);
            await beside;
            return took;
        }

        async Task<double[]> AbusedAsync()
        {
            using var over = new CancellationTokenSource(atMost);
            var asking = GoodCaller.AskAsync(good, over.Token);
            var ending = EndAsync(over);
            await (isApart ? Abuser.RunAsync(abuse, target, seen, over.Token) : abuse.RunAsync(target, seen, over.Token));
            await ending;
            return await asking;
        }

        double Memory() => double.Parse(
            File.ReadLines($"/proc/{sidecar.Run.Id}/status").Single(l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) / 1024;

        async Task EndAsync(CancellationTokenSource over)
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

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"| {Abuse.Name} | {Seen.Summary} | {Before:0} / {Peak:0} / {After:0} | {Of(r => r.Calm)} | {Of(r => r.Abused)} | {Ratio:0.0} | {(Wrong.Length > 0 ? Wrong : "ok")} |");

    private string Of(Func<Round, double[]> latencies) => string.Create(
        CultureInfo.InvariantCulture, $"{Median(r => GoodCaller.Percentile(latencies(r), 0.5)):0.00} / {Median(r => GoodCaller.Percentile(latencies(r), 0.99)):0.00}");

    private double Median(Func<Round, double> of) => Rounds.Select(of).Order().ElementAt(Rounds.Count / 2);
}
