namespace Border0.PdSidecar.Console.Tests;

/// <summary>The contract as the page reads it is the contract.</summary>
public class ContractTests
{
    [Fact]
    public async Task WhatTheCodecGoesBy_IsWhatTheProtosSay()
    {
        await using var run = ProgramRun.Start(Path.Combine(BuildFacts.RepositoryRoot, "eng", "console-contract"), ["check"]);

        Assert.True(await run.ExitAsync(TimeSpan.FromMinutes(3)) == 0, $"{run.Output}\n{run.Errors}");
    }
}
