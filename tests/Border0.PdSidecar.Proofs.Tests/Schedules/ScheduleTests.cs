using CsCheck;
using Xunit.Abstractions;

namespace Border0.PdSidecar.Proofs.Tests.Schedules;

public class ScheduleTests(ITestOutputHelper output)
{
    /// <summary>
    /// Disconnects, restarts, kills, slow readers, clock steps, duplicate, late, reordered and lost webhooks, poll answers in between:
    /// each revocation owed comes once and in order, no resolved incident comes back, and the facts end up as the truth.
    /// </summary>
    [Fact]
    public async Task WhateverComesWhen_TheFactsEndUpTrue_AndEachRevocationOwedComesOnceInOrder()
    {
        var schedules = Soak.Runs(1_000, 10_000);
        var (revocations, webhooks, polls) = (0, 0, 0);
        await Gen.Select(Gen.Bool, Gen.Int[0, 99_999_999].Array[20, 80]).SampleAsync(
            async schedule =>
            {
                using var run = new WebhookSchedule(shortLog: schedule.Item1);
                await run.RunAsync(schedule.Item2);
                Interlocked.Add(ref revocations, run.Revocations);
                Interlocked.Add(ref webhooks, run.Webhooks);
                Interlocked.Add(ref polls, run.Polls);
            },
            iter: schedules,
            print: schedule => $"short log: {schedule.Item1}; steps {string.Join(' ', schedule.Item2.Select(s => $"{s % 16}:{s / 16}"))}");

        Soak.Report(output, $"schedules: {schedules} schedules, {webhooks} webhooks, {polls} polls, {revocations} revocations: 0 lost, 0 twice, 0 out of order, 0 resurrected incidents");
        Assert.True(revocations > schedules && webhooks > 3 * schedules && polls > schedules);
    }
}
