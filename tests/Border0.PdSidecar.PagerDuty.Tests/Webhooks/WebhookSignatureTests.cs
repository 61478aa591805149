using System.Security.Cryptography;
using System.Text;
using Border0.PdSidecar.PagerDuty.Webhooks;

namespace Border0.PdSidecar.PagerDuty.Tests.Webhooks;

public class WebhookSignatureTests
{
    private static readonly byte[] Body = "{}"u8.ToArray();

    [Theory]
    [InlineData("", 0)]
    [InlineData("v1=", 0)]
    [InlineData("v2=00", 0)]
    [InlineData("V1=A", 0)]
    public void Parse_SkipsWhatIsNoSignature(string header, int count) => Assert.Equal(count, WebhookSignature.Parse(header).Count);

    [Fact]
    public void Parse_TakesWholeHexOnly_InAnyCase_WithSpacesAround()
    {
        var hex = Sign("a");
        Assert.Equal(2, WebhookSignature.Parse($" v1={hex} ,\tv1={hex.ToUpperInvariant()}").Count);
        Assert.Empty(WebhookSignature.Parse($"v1={hex[..^2]}"));
        Assert.Empty(WebhookSignature.Parse($"v1={hex}00"));
        Assert.Empty(WebhookSignature.Parse($"v1={hex[..^1]}g"));
        Assert.Empty(WebhookSignature.Parse($"v2={hex}"));
        Assert.Equal(hex, Convert.ToHexStringLower(WebhookSignature.Parse($"nonsense,v1={hex}").Single()));
    }

    [Fact]
    public void Parse_TakesThirtyTwo_AndNoMore()
    {
        var one = $"v1={Sign("a")}";
        Assert.Equal(32, WebhookSignature.Parse(string.Join(',', Enumerable.Repeat(one, 32))).Count);
        Assert.Equal(32, WebhookSignature.Parse(string.Join(',', Enumerable.Repeat(one, 33))).Count);
    }

    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "b", false)]
    [InlineData("a b", "b", true)]
    [InlineData("b a", "b", true)]
    [InlineData("a a", "a", true)]
    [InlineData("a b", "c", false)]
    [InlineData("", "a", false)]
    public void Matches_WhereAnySignatureIsOfAnySecret(string signedWith, string secrets, bool matches)
    {
        var signatures = signedWith.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(s => Convert.FromHexString(Sign(s))).ToList();

        Assert.Equal(matches, WebhookSignature.Matches(signatures, [secrets, "another"], Body));
        Assert.Equal(matches, WebhookSignature.Matches(signatures, ["another", secrets], Body));
    }

    [Fact]
    public void Matches_NeverByAnEmptySecret_NorWithoutAny()
    {
        var signed = Convert.FromHexString(Sign(""));

        Assert.False(WebhookSignature.Matches([signed], [""], Body));
        Assert.False(WebhookSignature.Matches([signed], [], Body));
        Assert.True(WebhookSignature.Matches([Convert.FromHexString(Sign("a"))], ["", "a"], Body));
    }

    [Fact]
    public void Matches_TheVeryBytes_Only() => Assert.False(WebhookSignature.Matches([Convert.FromHexString(Sign("a"))], ["a"], "{} "u8));

    private static string Sign(string secret) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Body));
}
