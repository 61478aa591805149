using System.Buffers;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Border0.PdSidecar.Storage.Tokens;

/// <summary>
/// The text of an access token: <c>pdsc_</c>, 43 characters that say 256 random bits in base 62, and 6 that say the CRC-32 of all that is
/// before them. Scanners for leaked secrets find it by its form, and tell it from what only looks like one by its checksum.
/// </summary>
public static class TokenText
{
    /// <summary>What every token begins with.</summary>
    public const string Prefix = "pdsc_";

    /// <summary>How many characters a token has.</summary>
    public const int Length = 5 + SecretLength + CheckLength;

    private const int SecretLength = 43;
    private const int CheckLength = 6;
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static readonly SearchValues<char> AnyDigit = SearchValues.Create(Digits);

    /// <summary>Makes a new token.</summary>
    public static string New()
    {
        var said = Prefix + Base62(new BigInteger(RandomNumberGenerator.GetBytes(32), isUnsigned: true), SecretLength);
        return said + Base62(Crc32(said), CheckLength);
    }

    /// <summary>Whether a text is a token as a whole: says nothing of whether it is known.</summary>
    public static bool IsWhole(ReadOnlySpan<char> text) =>
        text.Length == Length && text.StartsWith(Prefix, StringComparison.Ordinal) && !text[Prefix.Length..].ContainsAnyExcept(AnyDigit)
        && text[^CheckLength..].SequenceEqual(Base62(Crc32(text[..^CheckLength]), CheckLength));

    /// <summary>
    /// What is kept of a token, 32 bytes. A plain hash is right for it: there are 2^256 tokens, all as likely, so that there is nothing to
    /// guess that a slow or salted hash would have to slow down, as there is with passwords.
    /// </summary>
    public static byte[] Hash(ReadOnlySpan<char> token)
    {
        Span<byte> bytes = stackalloc byte[Length * 3];
        return SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(token, bytes)]);
    }

    /// <summary>The CRC-32 of zlib, Ethernet and PNG.</summary>
    internal static uint Crc32(ReadOnlySpan<char> text)
    {
        var crc = uint.MaxValue;
        foreach (var c in text)
        {
            crc ^= (byte)c;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
            }
        }

        return ~crc;
    }

    private static string Base62(BigInteger number, int length) => string.Create(length, number, static (text, left) =>
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            left = BigInteger.DivRem(left, 62, out var digit);
            text[i] = Digits[(int)digit];
        }
    });
}
