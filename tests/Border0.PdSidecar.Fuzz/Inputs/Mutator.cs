using System.Buffers.Binary;

namespace Border0.PdSidecar.Fuzz.Inputs;

/// <summary>Makes new inputs from known ones: changes of bytes that know nothing of the format, and of what stands between brackets.</summary>
/// <param name="random">Where chance comes from.</param>
/// <param name="words">Pieces that mean something in the format.</param>
/// <param name="longest">Bytes of an input at most.</param>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> words, int longest)
{
    private static readonly byte[][] Troubles =
    [
        "null"u8.ToArray(), "true"u8.ToArray(), "[]"u8.ToArray(), "{}"u8.ToArray(), "\"\""u8.ToArray(), "0"u8.ToArray(), "-1"u8.ToArray(), "1e999"u8.ToArray(),
        "99999999999999999999"u8.ToArray(), "2147483648"u8.ToArray(), "9223372036854775808"u8.ToArray(), "0.1"u8.ToArray(), "\"\\ud800\""u8.ToArray(),
        "\\ud83d"u8.ToArray(), "\\u0000"u8.ToArray(), "\""u8.ToArray(), "{"u8.ToArray(), "["u8.ToArray(), "}"u8.ToArray(), "]"u8.ToArray(), ","u8.ToArray(), ":"u8.ToArray(),
        [0], [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xef, 0xbb, 0xbf], [0xe2, 0x80, 0xae], "\r\n"u8.ToArray(), "%"u8.ToArray(), "İ"u8.ToArray(),
        "0001-01-01T00:00:00Z"u8.ToArray(), "9999-12-31T23:59:59.9999999Z"u8.ToArray(), "9999-12-31T23:59:59-14:00"u8.ToArray(), "NaN"u8.ToArray(), "-0"u8.ToArray(),
    ];

    private static readonly long[] Numbers =
        [0, 1, -1, 127, 128, 255, 256, 32767, 32768, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue];

    /// <summary>Changes one of some inputs a little, or much.</summary>
    public byte[] Mutate(IReadOnlyList<byte[]> corpus)
    {
        var input = corpus[random.Next(corpus.Count)];
        for (var changes = 1 << random.Next(5); changes > 0; changes--)
        {
            input = Change(input, corpus);
        }

        return input.Length <= longest ? input : input[..longest];
    }

    private byte[] Change(byte[] input, IReadOnlyList<byte[]> corpus)
    {
        var at = random.Next(input.Length + 1);
        var length = Math.Min(input.Length - at, 1 << random.Next(8));
        switch (random.Next(16))
        {
            case 0 or 1 when input.Length > 0:
                var flipped = (byte[])input.Clone();
                flipped[Math.Min(at, input.Length - 1)] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 2 when input.Length > 0:
                var set = (byte[])input.Clone();
                set[Math.Min(at, input.Length - 1)] = (byte)random.Next(256);
                return set;
            case 3 when input.Length - at >= 8:
                var numbered = (byte[])input.Clone();
                var number = Numbers[random.Next(Numbers.Length)];
                if (random.Next(2) == 0)
                {
                    BinaryPrimitives.WriteInt64BigEndian(numbered.AsSpan(at), number);
                }
                else
                {
                    BinaryPrimitives.WriteInt32LittleEndian(numbered.AsSpan(at), unchecked((int)number));
                }

                return numbered;
            case 4:
                return input[..at];
            case 5:
                return Replace(input, at, length, []);
            case 6:
                return Replace(input, at, 0, input.AsSpan(at, length));
            case 7:
                return Replace(input, at, random.Next(2) * length, Word());
            case 8:
                var other = corpus[random.Next(corpus.Count)];
                return Replace(input, at, length, other.AsSpan(random.Next(other.Length + 1)));
            case 9 when random.Next(8) == 0:
                return Replace(input, at, 0, Many(input.AsSpan(at, Math.Min(length, 16))));
            default:
                return ChangeValue(input, at);
        }
    }

    /// <summary>Changes a whole value of what looks like JSON: another one in its place, twice, gone, or nested.</summary>
    private byte[] ChangeValue(byte[] input, int from)
    {
        if (!JsonSpans.TryFind(input, from, out var at, out var length))
        {
            return Replace(input, from, 0, Word());
        }

        var value = input.AsSpan(at, length);
        switch (random.Next(7))
        {
            case 0 when JsonSpans.TryFind(input, random.Next(input.Length), out var otherAt, out var otherLength):
                return Replace(input, at, length, input.AsSpan(otherAt, otherLength));
            case 1:
                return Replace(input, at, length, [.. value, (byte)',', .. value]);
            case 2:
                return Replace(input, at, length, []);
            case 3:
                var depth = 1 << random.Next(random.Next(10) == 0 ? 15 : 7);
                var (open, close) = random.Next(2) == 0 ? ("[", "]") : ("{\"a\":", "}");
                return Replace(input, at, length, [.. Repeated(open, depth), .. value, .. Repeated(close, depth)]);
            case 4 when random.Next(8) == 0:
                return Replace(input, at, length, Many([.. value, (byte)',']));
            case 5:
                return Replace(input, at, length, words.Count > 0 && random.Next(2) == 0 ? words[random.Next(words.Count)] : Word());
            default:
                return Replace(input, at, length, Troubles[random.Next(Troubles.Length)]);
        }
    }

    private byte[] Word()
    {
        if (words.Count > 0 && random.Next(3) > 0)
        {
            return words[random.Next(words.Count)];
        }

        if (random.Next(3) == 0)
        {
            var some = new byte[1 + random.Next(12)];
            random.NextBytes(some);
            return some;
        }

        return Troubles[random.Next(Troubles.Length)];
    }

    private byte[] Many(ReadOnlySpan<byte> piece)
    {
        var times = Math.Min(1 << random.Next(16), longest / Math.Max(1, piece.Length));
        var many = new byte[times * piece.Length];
        for (var i = 0; i < times; i++)
        {
            piece.CopyTo(many.AsSpan(i * piece.Length));
        }

        return many;
    }

    private static byte[] Repeated(string text, int times)
    {
        var bytes = System.Text.Encoding.ASCII.GetBytes(text);
        return [.. Enumerable.Repeat(bytes, times).SelectMany(b => b)];
    }

    private static byte[] Replace(byte[] input, int at, int length, ReadOnlySpan<byte> by) => [.. input.AsSpan(0, at), .. by, .. input.AsSpan(at + length)];
}
