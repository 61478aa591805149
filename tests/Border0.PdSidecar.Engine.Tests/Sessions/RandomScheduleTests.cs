using CsCheck;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

public class RandomScheduleTests
{
    private static readonly int Schedules = Soak.Runs(1_500, 15_000);

    /// <summary>
    /// Opens, changes of facts and policies, known ends, clock steps, slow and partial reads, resumes, a slow disk, restarts, kills:
    /// each revocation owed comes exactly once, in order, and none that is not owed; in the end both sides agree on what is open.
    /// </summary>
    [Fact]
    public async Task WhateverHappens_EachRevocationOwedComesExactlyOnce_InOrder()
    {
        var revocations = 0;
        await Gen.Select(Gen.Bool, Gen.Int[0, 99_999_999].Array[20, 80]).SampleAsync(
            async schedule =>
            {
                using var run = new RandomSchedule(shortLog: schedule.Item1);
                await run.RunAsync(schedule.Item2);
                Interlocked.Add(ref revocations, run.Revocations);
            },
            iter: Schedules,
            print: schedule => $"short log: {schedule.Item1}; steps {string.Join(' ', schedule.Item2.Select(s => $"{s % 16}:{s / 16}"))}");

        // A run in which hardly anything is revoked shows nothing.
        Assert.True(revocations > Schedules, $"only {revocations} revocations");
    }
}
