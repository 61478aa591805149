using System.Diagnostics;
using Border0.PdSidecar.V1;
using Xunit.Abstractions;

namespace Border0.PdSidecar.Proofs.Tests.Chaos;

/// <summary>
/// PagerDuty answers with time-outs, resets, 429, 5xx, truncated and garbled JSON, slow bodies, wrong content types, missing fields
/// and rows that come twice, in random mixtures, while everything that policies ask about changes.
/// </summary>
public class ChaosTests(ITestOutputHelper output)
{
    private const int DecisionsPerRun = 8_000;

    [Fact]
    public async Task WhateverPagerDutyAnswers_NobodyIsLetInOnWhatIsNotTrue_AndNobodyIsThrownOutByMistake()
    {
        for (var run = 0; run < Soak.Runs(2, 20); run++)
        {
            var seed = Soak.Seed(20_261_123) + run;
            var watch = Stopwatch.StartNew();
            var chaos = new ChaosRun(seed);
            try
            {
                await chaos.RunAsync(DecisionsPerRun);
            }
            catch (Exception e) when (e is Xunit.Sdk.XunitException or Grpc.Core.RpcException or TimeoutException)
            {
                throw new InvalidOperationException($"seed {seed}, after {chaos.Decisions} decisions: {e.Message}\n{chaos.LastRequests}", e);
            }

            Soak.Report(output, $"chaos, seed {seed}: {chaos.Decisions} decisions ({chaos.Allowed} allowed, {chaos.DeniedAsUnknown} denied as stale or unknown), "
                + $"{chaos.Changes} changes, {chaos.WeatherTurns} turns of the weather, {chaos.Revocations} revocations ({string.Join(", ", chaos.Causes.Select(c => $"{c.Key} {c.Value}"))}) "
                + $"in {chaos.Simulated.TotalMinutes:0} simulated minutes, {watch.Elapsed.TotalSeconds:0} s");

            // A run in which nothing much happened shows nothing.
            Assert.True(chaos.Decisions >= DecisionsPerRun && chaos.Allowed > 500 && chaos.Revocations > 100 && chaos.DeniedAsUnknown > 50 && chaos.Causes.ContainsKey(RevocationCause.FactsStale));
        }
    }
}
