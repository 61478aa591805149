using Border0.PdSidecar.Client.Watch;

namespace Border0.PdSidecar.Client.Tests.Watch;

/// <summary>Pauses between attempts.</summary>
public class BackoffTests
{
    [Fact]
    public void Pauses_Double_WithJitter_UpToTheirBound_AndBeginAgain()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), new Random(1));
        double[] sizes = [100, 200, 400, 800, 1000, 1000];

        foreach (var size in sizes)
        {
            Assert.InRange(backoff.Next().TotalMilliseconds, size / 2, size);
        }

        backoff.Reset();
        Assert.InRange(backoff.Next().TotalMilliseconds, 50, 100);
    }

    [Fact]
    public void Pauses_OfManyConnectors_Differ()
    {
        var pauses = Enumerable.Range(0, 100)
            .Select(seed => new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), new Random(seed)).Next());

        Assert.True(pauses.Distinct().Count() > 90);
    }
}
