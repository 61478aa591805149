using Border0.PdSidecar.Abuse;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>Callers that take more than they may, for a moment each: they are told so, the sidecar stays small, and others are answered. eng/abuse takes longer.</summary>
public class AbuseTests
{
    public static TheoryData<string> Abuses => [.. Abuse.Abuse.All.Select(a => a.Name)];

    [Theory]
    [MemberData(nameof(Abuses))]
    public async Task Abuse_IsBounded(string name)
    {
        var run = await Run.OfAsync(Abuse.Abuse.All.Single(a => a.Name == name), scale: 1, calm: TimeSpan.FromSeconds(1), atLeast: TimeSpan.FromSeconds(2), atMost: TimeSpan.FromSeconds(60));
        Assert.True(run.Wrong.Length == 0, run.ToString());
    }
}
