using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Border0.PdSidecar.PagerDuty.Webhooks;

/// <summary>
/// PagerDuty's V3 webhook signature: <c>v1=&lt;hex&gt;[,v1=&lt;hex&gt;…]</c>, each the HMAC-SHA256 of the unaltered body
/// under a secret. One match of any signature with any secret suffices: secrets are rotated (PagerDuty's "Signatures").
/// </summary>
internal static class WebhookSignature
{
    // PagerDuty sends one or two; a header of thousands must not cost thousands of comparisons.
    private const int MaxSignatures = 32;

    /// <summary>The signatures of a header. What is no <c>v1=</c> or no hex is skipped, as PagerDuty's own client does.</summary>
    public static IReadOnlyList<byte[]> Parse(string header)
    {
        var signatures = new List<byte[]>();
        foreach (var item in header.Split(','))
        {
            var text = item.AsSpan().Trim();
            if (signatures.Count == MaxSignatures)
            {
                break;
            }

            if (text.StartsWith("v1=", StringComparison.Ordinal))
            {
                var signature = new byte[HMACSHA256.HashSizeInBytes];
                if (text.Length == 3 + (2 * signature.Length)
                    && Convert.FromHexString(text[3..], signature, out _, out _) == System.Buffers.OperationStatus.Done)
                {
                    signatures.Add(signature);
                }
            }
        }

        return signatures;
    }

    /// <summary>Whether any signature was made with any secret. The time taken does not tell how close one was.</summary>
    public static bool Matches(
        IReadOnlyList<byte[]> signatures, ImmutableArray<string> secrets, ReadOnlySpan<byte> body)
    {
        var matches = false;
        foreach (var secret in secrets)
        {
            // HMAC takes an empty key, and everybody knows it.
            if (secret.Length == 0)
            {
                continue;
            }

            var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body);
            foreach (var signature in signatures)
            {
                matches |= CryptographicOperations.FixedTimeEquals(expected, signature);
            }
        }

        return matches;
    }
}
