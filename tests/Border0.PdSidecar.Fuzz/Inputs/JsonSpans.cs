using System.Buffers;

namespace Border0.PdSidecar.Fuzz.Inputs;

/// <summary>Finds values in text that may be JSON, or has been once.</summary>
internal static class JsonSpans
{
    private static readonly SearchValues<byte> Begins = SearchValues.Create("{[\"-0123456789tfn"u8);

    /// <summary>The first value from a place on; false when there is none.</summary>
    public static bool TryFind(ReadOnlySpan<byte> text, int from, out int at, out int length)
    {
        from = Math.Min(from, text.Length);
        var found = text[from..].IndexOfAny(Begins);
        at = from + Math.Max(0, found);
        length = found < 0 ? 0 : LengthOf(text[at..]);
        return length > 0;
    }

    private static int LengthOf(ReadOnlySpan<byte> value)
    {
        var depth = 0;
        for (var i = 0; i < value.Length; i++)
        {
            switch (value[i])
            {
                case (byte)'"':
                    i = EndOfText(value, i);
                    break;
                case (byte)'{' or (byte)'[':
                    depth++;
                    continue;
                case (byte)'}' or (byte)']':
                    depth--;
                    break;
                case (byte)',' or (byte)':' when depth == 0:
                    return i;
                default:
                    if (depth == 0)
                    {
                        continue;
                    }

                    break;
            }

            if (depth <= 0)
            {
                return Math.Min(value.Length, depth < 0 ? i : i + 1);
            }
        }

        return value.Length;
    }

    private static int EndOfText(ReadOnlySpan<byte> value, int from)
    {
        for (var i = from + 1; i < value.Length; i++)
        {
            if (value[i] == (byte)'\\')
            {
                i++;
            }
            else if (value[i] == (byte)'"')
            {
                return i;
            }
        }

        return value.Length - 1;
    }
}
