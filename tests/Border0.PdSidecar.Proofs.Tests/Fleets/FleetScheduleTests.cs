using System.Diagnostics;
using Border0.PdSidecar.Fleet.Tests.Sidecars;
using Xunit.Abstractions;

namespace Border0.PdSidecar.Proofs.Tests.Fleets;

/// <summary>
/// A fleet on a real etcd of three members: its leader and other members are killed and cut off from the others, sidecars and the
/// one that polls are killed, stopped and cut off from etcd, at random.
/// </summary>
public class FleetScheduleTests(ITestOutputHelper output)
{
    [Fact]
    public async Task WhateverFails_NobodyIsLetInOnOldFacts_NoRevocationAndNoWriteIsLost()
    {
        await using var network = await EtcdNetwork.StartAsync(3);
        var faults = new Dictionary<string, int>();
        var (decisions, allowed, revocations, written, runs) = (0, 0, 0, 0, 0);
        var converged = new List<double>();
        var watch = Stopwatch.StartNew();
        for (var run = 0; run < Soak.Runs(5, 50); run++)
        {
            var seed = Soak.Seed(20_261_127) + run;
            await using var schedule = new FleetSchedule(network, seed);
            try
            {
                await schedule.RunAsync(TimeSpan.FromSeconds(Soak.IsLong ? 12 : 5));
            }
            catch (Exception e) when (e is Xunit.Sdk.XunitException or TimeoutException or InvalidOperationException)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}\n{schedule.Story}", e);
            }

            (decisions, allowed, revocations, written, runs) =
                (decisions + schedule.Decisions, allowed + schedule.Allowed, revocations + schedule.Revocations, written + schedule.Written, runs + 1);
            converged.Add(schedule.Converged.TotalSeconds);
            foreach (var (fault, count) in schedule.Faults)
            {
                faults[fault] = faults.GetValueOrDefault(fault) + count;
            }
        }

        Assert.True(faults.Count >= 5, "too few kinds of faults");
        Assert.True(revocations > 0 && allowed > 0);
        converged.Sort();
        Soak.Report(output, $"fleet of 4 on etcd of 3, {runs} schedules: {string.Join(", ", faults.OrderBy(f => f.Key).Select(f => $"{f.Key} {f.Value}"))}; {decisions} decisions ({allowed} allowed), "
            + $"{revocations} revocations, {written} acknowledged writes, none wrong, lost or late; all of one mind {converged[converged.Count / 2]:0.0} s after the last repair (median), {converged[^1]:0.0} s at most; {watch.Elapsed.TotalSeconds:0} s");
    }
}
