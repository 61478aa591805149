using System.Diagnostics;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Abuse;

/// <summary>Somebody who asks as often as always, on a connection of their own, and notes how long each answer takes.</summary>
public static class GoodCaller
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    /// <summary>Asks until it is over; a call that failed counts as one that took for ever.</summary>
    /// <returns>Milliseconds from when each call was due, sorted.</returns>
    public static async Task<double[]> AskAsync(EvaluationService.EvaluationServiceClient client, CancellationToken over)
    {
        var (latencies, calls) = (new List<double>(), new List<Task>());
        var begin = Stopwatch.GetTimestamp();
        for (var i = 1; !over.IsCancellationRequested; i++)
        {
            var due = begin + (long)(Step.TotalSeconds * i * Stopwatch.Frequency);
            if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) is { Ticks: > 0 } left)
            {
                await Task.Delay(left, CancellationToken.None);
            }

            calls.Add(OneAsync(due));
        }

        await Task.WhenAll(calls);
        return [.. latencies.Order()];

        async Task OneAsync(long due)
        {
            double taken;
            try
            {
                await client.EvaluateAsync(Target.Request("good"), deadline: DateTime.UtcNow.AddSeconds(30), cancellationToken: CancellationToken.None);
                taken = Stopwatch.GetElapsedTime(due).TotalMilliseconds;
            }
            catch (RpcException)
            {
                taken = double.PositiveInfinity;
            }

            lock (latencies)
            {
                latencies.Add(taken);
            }
        }
    }

    public static double Percentile(double[] sorted, double part) => sorted.Length == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * part)];
}
