using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Border0.PdSidecar.Abuse;

/// <summary>
/// An abuser in a process of its own that yields the processors to everybody else, as though it ran on another machine: what others
/// then feel is what the sidecar does for it, not what it does itself.
/// </summary>
public static class Abuser
{
    /// <summary>The first argument of this program when it is such a process.</summary>
    public const string Command = "abuser";

    /// <summary>Does it from outside until it is cancelled, and notes what the abuser is answered.</summary>
    /// <param name="abuse">What it does.</param>
    /// <param name="target">What is abused.</param>
    /// <param name="seen">What is added to.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task RunAsync(Abuse abuse, Target target, Seen seen, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(
            "nice", ["-n", "19", Environment.ProcessPath!, Command, abuse.Name, target.Grpc.ToString(), target.Http.ToString(), target.Scale.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        await using var ends = cancellation.Register(process.StandardInput.Close);
        while (await process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            var (count, answer) = line.Split('\t', 2) is [var number, var text] ? (int.Parse(number, CultureInfo.InvariantCulture), text) : (0, line);
            seen.Add(answer, count);
        }

        await process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>What such a process does: until its input ends, it abuses, and prints what is new of what it sees.</summary>
    public static async Task<int> MainAsync(string[] args)
    {
        var target = new Target(IPEndPoint.Parse(args[1]), new Uri(args[2]), int.Parse(args[3], CultureInfo.InvariantCulture));
        using var over = new CancellationTokenSource();
        var seen = new Seen();
        var reading = Task.Run(async () =>
        {
            await Console.In.ReadToEndAsync(CancellationToken.None);
            await over.CancelAsync();
        });
        var abusing = Abuse.All.Append(Abuse.Harmless).Single(a => a.Name == args[0]).RunAsync(target, seen, over.Token);
        while (!abusing.IsCompleted)
        {
            await Task.WhenAny(abusing, Task.Delay(100, CancellationToken.None));
            Print(seen);
        }

        await reading;
        await abusing;
        Print(seen);
        return 0;
    }

    private static void Print(Seen seen)
    {
        foreach (var (answer, count) in seen.Take())
        {
            Console.WriteLine($"{count}\t{answer}");
        }
    }
}
