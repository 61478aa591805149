using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Border0.PdSidecar.EndToEnd.Tests.Secrets;

/// <summary>
/// Finds secrets, and any long part of one, in whatever a sidecar leaves behind: as they are, in UTF-16, and as base64, hexadecimal,
/// URL or JSON write them.
/// </summary>
internal sealed class LeakScanner
{
    /// <summary>Nine characters of a secret in a row pass: a hint shows the last four.</summary>
    private const int Part = 10;
    private readonly Dictionary<string, string> _pieces = new(StringComparer.OrdinalIgnoreCase);
    private readonly SearchValues<string> _any;

    /// <summary>Looks for these.</summary>
    /// <param name="secrets">What each is called in a finding, and its bytes.</param>
    public LeakScanner(IEnumerable<(string Name, byte[] Value)> secrets)
    {
        foreach (var (name, value) in secrets)
        {
            foreach (var (form, text) in FormsOf(value))
            {
                var length = Math.Min(text.Length, Part * text.Length / value.Length);
                for (var i = 0; i + length <= text.Length; i++)
                {
                    _pieces.TryAdd(text.Substring(i, length), $"{name} ({form})");
                }
            }
        }

        _any = SearchValues.Create([.. _pieces.Keys], StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Says which secrets are in these bytes, and where.</summary>
    public IReadOnlyList<string> Find(string place, byte[] bytes)
    {
        var text = Encoding.Latin1.GetString(bytes);
        var found = new HashSet<string>();
        for (int from = 0, at; (at = text.AsSpan(from).IndexOfAny(_any)) >= 0; from += at + 1)
        {
            var rest = text.AsSpan(from + at);
            foreach (var (piece, name) in _pieces)
            {
                if (rest.StartsWith(piece, StringComparison.OrdinalIgnoreCase))
                {
                    found.Add($"{name} in {place}");
                }
            }
        }

        return [.. found];
    }

    private static IEnumerable<(string Form, string Text)> FormsOf(byte[] value)
    {
        var plain = Encoding.Latin1.GetString(value);
        yield return ("plain", plain);
        yield return ("UTF-16", Encoding.Latin1.GetString(Encoding.Unicode.GetBytes(plain)));
        yield return ("hexadecimal", Convert.ToHexString(value));
        yield return ("hexadecimal, dashed", BitConverter.ToString(value));
        yield return ("every byte URL-encoded", string.Concat(value.Select(b => $"%{b:X2}")));
        yield return ("URL-encoded", Uri.EscapeDataString(plain));
        yield return ("JSON", JsonEncodedText.Encode(plain).ToString());
        for (var before = 0; before < 3; before++)
        {
            // Base64 of the same bytes differs with where they stand; what neighbours have a share in is left out.
            var base64 = Convert.ToBase64String([.. new byte[before], .. value])[(before == 0 ? 0 : before + 1)..].TrimEnd('=')[..^1];
            yield return ("base64", base64);
            yield return ("base64url", base64.Replace('+', '-').Replace('/', '_'));
        }
    }
}
