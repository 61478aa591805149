using System.Buffers;
using System.Text;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>
/// Writes texts as the inside of JSON strings. Besides what JSON asks for, whatever a terminal or a program could take for the end of a line or
/// a control sequence is escaped.
/// </summary>
internal static class JsonText
{
    /// <summary>How many bytes one character may become.</summary>
    public const int MostPerChar = 6;

    private static readonly SearchValues<char> Plain =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Where(c => c is not ('"' or '\\'))]);

    private static readonly SearchValues<byte> PlainUtf8 =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (byte)c).Where(c => c is not ((byte)'"' or (byte)'\\'))]);

    /// <summary>Writes a text to where there is room for it.</summary>
    /// <returns>How many bytes it became.</returns>
    public static int Write(ReadOnlySpan<char> text, Span<byte> to)
    {
        var written = 0;
        while (true)
        {
            var run = text.IndexOfAnyExcept(Plain);
            Ascii.FromUtf16(run < 0 ? text : text[..run], to[written..], out var plain);
            written += plain;
            if (run < 0)
            {
                return written;
            }

            // Half a surrogate pair becomes the replacement character.
            Rune.DecodeFromUtf16(text[run..], out var rune, out var length);
            written += Write(rune, to[written..]);
            text = text[(run + length)..];
        }
    }

    /// <summary>Writes a text in UTF-8 to where there is room for it.</summary>
    /// <returns>How many bytes it became.</returns>
    public static int Write(ReadOnlySpan<byte> text, Span<byte> to)
    {
        var written = 0;
        while (true)
        {
            var run = text.IndexOfAnyExcept(PlainUtf8);
            var plain = run < 0 ? text : text[..run];
            plain.CopyTo(to[written..]);
            written += plain.Length;
            if (run < 0)
            {
                return written;
            }

            // What is not UTF-8 becomes the replacement character.
            Rune.DecodeFromUtf8(text[run..], out var rune, out var length);
            written += Write(rune, to[written..]);
            text = text[(run + length)..];
        }
    }

    private static int Write(Rune rune, Span<byte> to)
    {
        if (rune.Value is '"' or '\\')
        {
            (to[0], to[1]) = ((byte)'\\', (byte)rune.Value);
            return 2;
        }

        if (Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029)
        {
            "\\u"u8.CopyTo(to);
            for (var i = 0; i < 4; i++)
            {
                to[2 + i] = "0123456789abcdef"u8[rune.Value >> (12 - 4 * i) & 0xf];
            }

            return 6;
        }

        return rune.EncodeToUtf8(to);
    }
}
