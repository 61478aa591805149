using CsCheck;

namespace Border0.PdSidecar.Storage.Tests.Sessions;

public sealed class RandomHistoryTests
{
    [Fact]
    public Task Through_troubles_restarts_and_kills_the_file_holds_what_the_model_holds() =>
        Gen.Int[0, 99_999_999].Array[1, 120].SampleAsync(
            async steps =>
            {
                await using var history = new RandomHistory();
                await history.RunAsync(steps);
            },
            iter: Soak.Runs(60, 3_000),
            threads: 2);
}
