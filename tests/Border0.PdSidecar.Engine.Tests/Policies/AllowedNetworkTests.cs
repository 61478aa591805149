using Border0.PdSidecar.Engine.Policies;

namespace Border0.PdSidecar.Engine.Tests.Policies;

public class AllowedNetworkTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1/32")]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("2001:db8::1", "2001:db8::1/128")]
    [InlineData("2001:DB8:1:2:3::/48", "2001:db8:1::/48")]
    [InlineData("::ffff:10.0.0.0/104", "10.0.0.0/8")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1/32")]
    public void Entry_IsReadAndNormalised(string text, string means)
    {
        Assert.True(AllowedNetwork.TryParse(text, out var network));
        Assert.Equal(means, network.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("10.0.0")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("2001:db8::/129")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[::1]")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("example.com")]
    public void AnythingElse_IsRefused(string text) => Assert.False(AllowedNetwork.TryParse(text, out _));
}
