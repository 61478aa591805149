using Border0.PdSidecar.Engine.Sessions;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

public class NamesTests
{
    private readonly Names _names = new();

    [Theory]
    [InlineData(1, true)]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void EqualNames_AreOneString_UpToALength(int length, bool same)
    {
        var (first, again) = (new string('x', length), new string('x', length));

        Assert.Same(first, _names.Of(first));
        Assert.Equal(same, ReferenceEquals(first, _names.Of(again)));
        Assert.Equal(first, _names.Of(again));
    }

    [Fact]
    public void OtherNames_StayThemselves()
    {
        // More than are remembered, so that some push others out.
        foreach (var name in Enumerable.Range(0, 10_000).Select(i => $"name-{i}"))
        {
            Assert.Same(name, _names.Of(name));
        }

        Assert.Equal("", _names.Of(""));
    }
}
