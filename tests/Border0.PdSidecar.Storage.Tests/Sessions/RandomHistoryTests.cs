using CsCheck;

namespace Border0.PdSidecar.Storage.Tests.Sessions;

public sealed class RandomHistoryTests
{
    [Fact]
    public Task Through_troubles_restarts_and_kills_the_file_holds_what_the_model_holds() =>
        Gen.Int[0, 99_999_999].Array[1, 120].SampleAsync(
            async steps =>
            {
                // As usual, or everything as a group first, which some histories leave half in the tables.
                await using var history = new RandomHistory((steps.Length % 3) switch { 0 => (16, 512), 1 => (0, 2), _ => (1, 7) });
                await history.RunAsync(steps);
            },
            iter: Soak.Runs(60, 3_000),
            threads: 2);
}
