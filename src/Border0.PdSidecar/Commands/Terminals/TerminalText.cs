using System.Globalization;
using System.Text;
using Spectre.Console.Rendering;

namespace Border0.PdSidecar.Commands.Terminals;

/// <summary>Text of others on somebody's terminal.</summary>
internal static class TerminalText
{
    /// <summary>The text with everything escaped that a terminal obeys or that makes text look like other text: control and format characters.</summary>
    public static string Shown(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, at, out var rune) || IsUnseen(rune))
            {
                return Escaped(text);
            }

            at += rune.Utf16SequenceLength;
        }

        return text;
    }

    /// <summary>How many columns of a terminal the text takes.</summary>
    public static int Width(string text) => new Segment(text).CellCount();

    /// <summary>The text and as many spaces as are missing.</summary>
    public static string Padded(string text, int width) => text + new string(' ', Math.Max(0, width - Width(text)));

    private static string Escaped(string text)
    {
        var shown = new StringBuilder(text.Length + 16);
        for (var at = 0; at < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, at, out var rune))
            {
                shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[at]:x4}");
                at++;
                continue;
            }

            at += rune.Utf16SequenceLength;
            _ = rune.Value switch
            {
                '\n' => shown.Append("\\n"),
                '\t' => shown.Append("\\t"),
                '\r' => shown.Append("\\r"),
                _ when !IsUnseen(rune) => shown.Append(rune),
                > 0xffff => shown.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"),
                _ => shown.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
            };
        }

        return shown.ToString();
    }

    // The joiners stand within words of some scripts, and within emoji.
    private static bool IsUnseen(Rune rune) => rune.Value is not (0x200c or 0x200d)
        && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
