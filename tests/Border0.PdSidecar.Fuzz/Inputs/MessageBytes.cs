using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Border0.PdSidecar.Fuzz.Inputs;

/// <summary>
/// Makes the bytes of messages of a type: fields from what is likely to mean something, and, where they need not be valid, texts that are
/// no UTF-8, numbers out of every range, and nesting that nobody writes.
/// </summary>
internal static class MessageBytes
{
    private static readonly string[] Texts =
    [
        "", "a", "pd", "PD", "payments", "p1", "default", "acme", "c1", "c2", "s1", "k1", "k2", "ssh", "database", "http", "*", "alice@example.com", "ALICE@EXAMPLE.COM", "mallory@example.com", "example.com",
        "robot", "sre", "DE", "KP", "192.0.2.7", "10.0.0.0/8", "2001:db8::1", "[::1]:22", "::ffff:192.0.2.1", "0.0.0.0/0", "00:00 UTC", "22:00", "Europe/Berlin", "UTC", "PSVC", "P6NLK30", "PS1", "v1", "v2",
        "policy.name", "description", "socket_ids", "api_key", "condition.who.email", "integrations", "*.*", "u+demo-key_1234567890", "demo-read-only+key_1", "http://127.0.0.1:1/", "p1MTAw", "p1", "\0", "\u202e", "İ", "a\nb", "…",
    ];

    private static readonly long[] Numbers = [0, 1, 2, 3, 10, 100, 1000, 1001, -1, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue, 253_402_300_800, 315_576_000_001, 999_999_999, 1_000_000_000];

    /// <summary>Makes one.</summary>
    /// <param name="type">Of which type.</param>
    /// <param name="random">Where chance comes from.</param>
    /// <param name="longest">About how many bytes at most.</param>
    /// <param name="valid">Whether it has to be a message of that type.</param>
    public static byte[] Make(MessageDescriptor type, Random random, int longest, bool valid)
    {
        using var bytes = new MemoryStream();
        using (var to = new CodedOutputStream(bytes, leaveOpen: true))
        {
            Write(to, type, random, 0, valid, longest);
        }

        var made = bytes.ToArray();
        return made.Length <= longest ? made : made[..longest];
    }

    /// <summary>A text of about a length, valid or not.</summary>
    public static byte[] Text(Random random, bool valid, int longest) => random.Next(60) switch
    {
        0 when random.Next(20) == 0 => Filled(longest - 1024, (byte)'x'),
        0 => Filled(1 << random.Next(17), (byte)'x'),
        1 => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("猫", 1 << random.Next(10)))),
        2 when !valid => [(byte)'a', 0xff, 0xfe],
        3 when !valid => [0xed, 0xa0, 0x80],
        4 when !valid => [0xc0, 0xaf],
        5 => Encoding.UTF8.GetBytes($"n{random.Next(8)}"),
        _ => Encoding.UTF8.GetBytes(Texts[random.Next(Texts.Length)]),
    };

    private static byte[] Filled(int length, byte with)
    {
        var filled = new byte[Math.Max(0, length)];
        filled.AsSpan().Fill(with);
        return filled;
    }

    private static void Write(CodedOutputStream to, MessageDescriptor type, Random random, int depth, bool valid, int longest)
    {
        var likely = depth < 4 ? 0.45 : 0.12;
        var choices = new Dictionary<OneofDescriptor, FieldDescriptor>();
        foreach (var field in type.Fields.InFieldNumberOrder())
        {
            if (field.ContainingOneof is { } oneof && valid)
            {
                if (!choices.TryGetValue(oneof, out var chosen))
                {
                    choices[oneof] = chosen = oneof.Fields[random.Next(oneof.Fields.Count)];
                }

                if (chosen != field)
                {
                    continue;
                }
            }

            if (random.NextDouble() > likely)
            {
                continue;
            }

            var times = !field.IsRepeated ? 1 : random.Next(300) == 0 ? 1200 : random.Next(4);
            for (var i = 0; i < times && to.Position < longest; i++)
            {
                Write(to, field, random, depth, valid, longest);
            }
        }

        if (!valid && random.Next(20) == 0)
        {
            // A field that nobody knows, or nonsense.
            to.WriteTag((uint)random.Next(1, 1 << 12));
            to.WriteUInt64(unchecked((ulong)random.NextInt64(long.MinValue, long.MaxValue)));
        }
    }

    private static void Write(CodedOutputStream to, FieldDescriptor field, Random random, int depth, bool valid, int longest)
    {
        switch (field.FieldType)
        {
            case FieldType.Message:
                byte[] inner;
                if (depth > 60 || (depth > 6 && valid))
                {
                    inner = [];
                }
                else if (!valid && random.Next(400) == 0)
                {
                    inner = Deep(field.FieldNumber, 1 << random.Next(4, 15));
                }
                else
                {
                    using var bytes = new MemoryStream();
                    using (var nested = new CodedOutputStream(bytes, leaveOpen: true))
                    {
                        Write(nested, field.MessageType, random, depth + 1, valid, longest / 2);
                    }

                    inner = bytes.ToArray();
                }

                to.WriteTag(field.FieldNumber, WireFormat.WireType.LengthDelimited);
                to.WriteBytes(ByteString.CopyFrom(inner));
                break;
            case FieldType.String or FieldType.Bytes:
                to.WriteTag(field.FieldNumber, WireFormat.WireType.LengthDelimited);
                to.WriteBytes(ByteString.CopyFrom(Text(random, valid || field.FieldType == FieldType.Bytes, longest)));
                break;
            case FieldType.Double:
                to.WriteTag(field.FieldNumber, WireFormat.WireType.Fixed64);
                to.WriteDouble(random.Next(6) switch { 0 => double.NaN, 1 => double.PositiveInfinity, 2 => double.MaxValue, 3 => -0.0, 4 => 3600, _ => random.NextDouble() });
                break;
            default:
                to.WriteTag(field.FieldNumber, WireFormat.WireType.Varint);
                to.WriteInt64(field.FieldType == FieldType.Bool ? random.Next(2) : field.FieldType == FieldType.Enum && random.Next(4) > 0 ? random.Next(4) : Numbers[random.Next(Numbers.Length)]);
                break;
        }
    }

    /// <summary>A message in a message in a message, by one field.</summary>
    private static byte[] Deep(int field, int depth)
    {
        byte[] inner = [];
        for (var i = 0; i < depth && inner.Length < 1 << 16; i++)
        {
            using var bytes = new MemoryStream();
            using (var to = new CodedOutputStream(bytes, leaveOpen: true))
            {
                to.WriteTag(field, WireFormat.WireType.LengthDelimited);
                to.WriteBytes(ByteString.CopyFrom(inner));
            }

            inner = bytes.ToArray();
        }

        return inner;
    }
}
