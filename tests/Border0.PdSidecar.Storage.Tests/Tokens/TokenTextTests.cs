using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Border0.PdSidecar.Storage.Tokens;
using CsCheck;

namespace Border0.PdSidecar.Storage.Tests.Tokens;

/// <summary>A token's text: recognizable, checked, and never the same twice.</summary>
public class TokenTextTests
{
    [Fact]
    public void New_IsWhole_AndFoundByItsForm()
    {
        var tokens = Enumerable.Range(0, 2000).Select(_ => TokenText.New()).ToList();

        Assert.Equal(tokens.Count, tokens.Distinct(StringComparer.Ordinal).Count());
        Assert.All(tokens, t => Assert.True(TokenText.IsWhole(t)));
        Assert.All(tokens, t => Assert.Matches(@"^pdsc_[0-9A-Za-z]{49}$", t));
        // Every one of the 256 bits is used: the highest is set in half of them.
        Assert.InRange(tokens.Count(t => Decoded(t[5..48]) >= BigInteger.One << 255), 850, 1150);
    }

    [Fact]
    public void IsWhole_IsFalseForEveryChangeOfOneCharacter()
    {
        var token = TokenText.New();
        for (var i = 0; i < token.Length; i++)
        {
            foreach (var other in "0aZ_ é".Where(c => c != token[i]))
            {
                Assert.False(TokenText.IsWhole(token[..i] + other + token[(i + 1)..]), $"{i}: {other}");
            }
        }

        Assert.False(TokenText.IsWhole(token.AsSpan()[..^1]));
        Assert.False(TokenText.IsWhole(token + "0"));
        Assert.False(TokenText.IsWhole(""));
    }

    [Fact]
    public void IsWhole_TakesAnyText() => Gen.String.Sample(text => Assert.False(TokenText.IsWhole(text) && text.Length != TokenText.Length), iter: 2000);

    [Fact]
    public void Checksum_IsTheUsualCrc32_OfWhatIsBeforeIt()
    {
        Assert.Equal(0xCBF43926u, TokenText.Crc32("123456789"));
        var token = TokenText.New();
        Assert.Equal(TokenText.Crc32(token.AsSpan()[..48]), (uint)Decoded(token[48..]));
    }

    [Fact]
    public void Hash_IsSha256OfTheText()
    {
        var token = TokenText.New();

        Assert.Equal(SHA256.HashData(Encoding.ASCII.GetBytes(token)), TokenText.Hash(token));
    }

    private static BigInteger Decoded(string digits) => digits.Aggregate(
        BigInteger.Zero, (all, c) => all * 62 + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".IndexOf(c, StringComparison.Ordinal));
}
