using System.Text;

namespace Border0.PdSidecar.Fuzz.Inputs;

/// <summary>Shows an input to people: text as it is, other bytes as \xNN.</summary>
internal static class InputText
{
    private const int Most = 600;

    public static string Of(ReadOnlySpan<byte> input)
    {
        var text = new StringBuilder();
        foreach (var b in input[..Math.Min(input.Length, Most)])
        {
            _ = b is >= 0x20 and < 0x7f and not (byte)'\\' ? text.Append((char)b) : text.Append($"\\x{b:x2}");
        }

        return text.Append(input.Length > Most ? "…" : "").ToString();
    }
}
