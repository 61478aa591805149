using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Tests.Commands;

/// <summary>Values in words.</summary>
public class SaidTests
{
    [Theory]
    [InlineData(0, "0s")]
    [InlineData(0.25, "250ms")]
    [InlineData(3.9, "3s")]
    [InlineData(250, "4m 10s")]
    [InlineData(3600, "1h")]
    [InlineData(3605, "1h")]
    [InlineData(93784, "1d 2h")]
    [InlineData(-90, "-1m 30s")]
    public void Span_HasItsTwoLargestUnits(double seconds, string said) => Assert.Equal(said, Said.Span(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Nothing_IsEmpty()
    {
        Assert.Equal("", Said.At(null));
        Assert.Equal("", Said.Age(null, DateTimeOffset.UnixEpoch));
        Assert.Equal("", Said.Span((Duration?)null));
    }

    [Fact]
    public void Words_AreThoseOfTheContract()
    {
        Assert.Equal("not on call", Said.Word(ReasonCode.NotOnCall));
        Assert.Equal("1970-01-01 00:01:00Z", Said.At(Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddMinutes(1))));
        Assert.Equal(("1 policy", "0 policies"), (Said.Count(1, "policy", "policies"), Said.Count(0, "policy", "policies")));
    }
}
