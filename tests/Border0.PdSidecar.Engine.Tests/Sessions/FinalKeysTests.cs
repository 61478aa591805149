using Border0.PdSidecar.Engine.Sessions;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

public class FinalKeysTests
{
    private static readonly DateTimeOffset Until = World.Start.AddHours(1);

    [Fact]
    public void AKey_IsFinalUntilItsInstant_AndInItsOrganizationOnly()
    {
        var keys = new FinalKeys(10);
        keys.Add("acme", "k", Until);

        Assert.True(keys.Contains("acme", "k", Until.AddTicks(-1)));
        Assert.False(keys.Contains("acme", "k", Until));
        Assert.False(keys.Contains("other", "k", World.Start));
        Assert.False(keys.Contains("acme", "K", World.Start));
    }

    [Fact]
    public void PastTheBound_TheOldestAreForgotten_AndOneThatIsAddedAgainCountsOnce()
    {
        var keys = new FinalKeys(2);
        keys.Add("acme", "a", Until);
        keys.Add("acme", "b", Until);
        keys.Add("acme", "a", Until.AddHours(1));
        Assert.True(keys.Contains("acme", "a", Until));
        Assert.True(keys.Contains("acme", "b", World.Start));

        keys.Add("acme", "c", Until);

        Assert.Equal([false, true, true], new[] { "a", "b", "c" }.Select(k => keys.Contains("acme", k, World.Start)));
    }
}
