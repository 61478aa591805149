using System.Globalization;
using Border0.PdSidecar.Fuzz.Running;
using Border0.PdSidecar.Fuzz.Targets;

namespace Border0.PdSidecar.Fuzz.Tests;

/// <summary>
/// A bounded run of every target; eng/fuzz has the long ones. The seed is always the same, or PDSIDECAR_SEED's: a failure says which it
/// was, and shows the smallest input that was found to fail.
/// </summary>
public class BadInputTests
{
    private static readonly int Seed =
        Environment.GetEnvironmentVariable("PDSIDECAR_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : 20261124;

    public static TheoryData<string> Targets => [.. AllTargets.All.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task BadInput_DoesNoHarm(string name)
    {
        var known = AllTargets.Of(name);
        await using var target = known.Make();
        var run = new FuzzRun(target, Seed);
        var inputs = 30 * known.Share;

        var finding = run.Run(inputs, TimeSpan.MaxValue);

        Assert.True(finding is null, finding?.ToString());
        Assert.Equal(inputs, run.Inputs);
    }

    [Fact]
    public void Names_AreThoseOfTheTargets() =>
        Assert.All(AllTargets.All.Where(t => t.Name is not ("grpc" or "webhook-http")), t => Assert.Equal(t.Name, t.Make().Name));
}
