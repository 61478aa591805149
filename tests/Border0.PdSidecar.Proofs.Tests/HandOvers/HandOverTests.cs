using Xunit.Abstractions;

namespace Border0.PdSidecar.Proofs.Tests.HandOvers;

public class HandOverTests(ITestOutputHelper output)
{
    /// <summary>Over at least a year, so that every clock changes twice.</summary>
    [Fact]
    public async Task EachSession_IsCutAtTheEndOfItsShift_NeverBefore_AndNotWhereSomebodyFollowsUponThemselves()
    {
        await using var run = await HandOverRun.StartAsync();
        await run.LiveAsync(Soak.Runs(1_460, 10_000));

        var lags = run.Lags.Order().ToList();
        Soak.Report(output, $"hand-overs: {run.HandOvers} ({string.Join(", ", run.Kinds.Select(k => $"{k.Key} {k.Value}"))}), {lags.Count} sessions cut, "
            + $"ms after the end by the simulated clock: p50 {lags[lags.Count / 2]:0.0}, p99 {lags[lags.Count * 99 / 100]:0.0}, max {lags[^1]:0.0}; none before, none between back-to-back shifts");
        Assert.True(run.HandOvers >= 1_000 && lags.Count > 500);
        Assert.True(run.Kinds["clock change"] >= 6 && run.Kinds["back to back"] > 100 && run.Kinds["override, end later"] > 50 && run.Kinds["override, end earlier"] > 50);
    }

    [Theory]
    [InlineData("Europe/Berlin", 3, 29)]
    [InlineData("Europe/Berlin", 10, 25)]
    [InlineData("America/New_York", 3, 8)]
    [InlineData("America/New_York", 11, 1)]
    [InlineData("Australia/Lord_Howe", 4, 5)]
    [InlineData("Australia/Lord_Howe", 10, 4)]
    public void TheOraclesRules_AgreeWithTheTimeZoneDatabase_AndKnowTheClockChanges(string zone, int month, int day)
    {
        var rotation = new Rotation("", zone, [8], [0]);
        var before = new DateTime(2026, month, day).AddHours(-16);
        Assert.True(rotation.HasChange(before, before.AddDays(1)));
        for (var i = 0; i < 366; i++)
        {
            Assert.Equal(rotation.ByDatabase(before.AddDays(i)), rotation.ByRule(before.AddDays(i)));
        }
    }
}
