namespace Border0.PdSidecar.EndToEnd.Tests.Telemetry;

/// <summary>The alert rules by Prometheus' own tool: they are rules, and fire when they should and not otherwise.</summary>
public class AlertRulesTests
{
    [Theory]
    [InlineData("check", "pdsidecar.rules.yml")]
    [InlineData("test", "pdsidecar.rules.test.yml")]
    public async Task Rules_AreAcceptedAndFire(string what, string file)
    {
        await using var run = ProgramRun.Start(
            "promtool", [what, "rules", file], workingDirectory: Path.Combine(BuildFacts.RepositoryRoot, "deploy", "prometheus"));
        Assert.True(await run.ExitAsync(TimeSpan.FromSeconds(90)) == 0, run.Output + run.Errors);
        Assert.Contains("SUCCESS", run.Output, StringComparison.Ordinal);
    }
}
