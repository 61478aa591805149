using System.Buffers.Binary;
using System.Text;

namespace Border0.PdSidecar.Telemetry.Otlp;

/// <summary>Writes a protobuf message field by field. Used by one thread, again and again.</summary>
/// <remarks>The length of a message within is written when it has ended, in four bytes whatever it is: protobuf reads varints of any length.</remarks>
internal sealed class ProtoBuffer
{
    private const int LengthBytes = 4;

    private byte[] _bytes = new byte[4096];
    private int _length;

    /// <summary>What was written.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    /// <summary>Begins anew.</summary>
    public void Clear() => _length = 0;

    /// <summary>Begins a message within; <see cref="End"/> is given what this returns.</summary>
    public int Begin(int field)
    {
        Tag(field, 2);
        _ = Room(LengthBytes);
        return _length += LengthBytes;
    }

    /// <summary>Ends the message that was begun.</summary>
    public void End(int begun)
    {
        var size = _length - begun;
        for (var i = 0; i < LengthBytes; i++)
        {
            _bytes[begun - LengthBytes + i] = (byte)((size >> (7 * i) & 0x7F) | (i < LengthBytes - 1 ? 0x80 : 0));
        }
    }

    public void Text(int field, string text)
    {
        if (text.Length > 0)
        {
            Tag(field, 2);
            var size = Encoding.UTF8.GetByteCount(text);
            Varint((ulong)size);
            _length += Encoding.UTF8.GetBytes(text, Room(size));
        }
    }

    public void Bytes(int field, ReadOnlySpan<byte> bytes)
    {
        Tag(field, 2);
        Varint((ulong)bytes.Length);
        bytes.CopyTo(Room(bytes.Length));
        _length += bytes.Length;
    }

    public void Number(int field, ulong number)
    {
        Tag(field, 0);
        Varint(number);
    }

    public void Fixed64(int field, ulong number)
    {
        Tag(field, 1);
        Fixed64(number);
    }

    public void Fixed32(int field, uint number)
    {
        Tag(field, 5);
        BinaryPrimitives.WriteUInt32LittleEndian(Room(4), number);
        _length += 4;
    }

    public void Double(int field, double number) => Fixed64(field, BitConverter.DoubleToUInt64Bits(number));

    /// <summary>A packed list of 64-bit numbers.</summary>
    public void Fixed64s(int field, IReadOnlyList<long> numbers)
    {
        Tag(field, 2);
        Varint((ulong)numbers.Count * 8);
        foreach (var number in numbers)
        {
            Fixed64((ulong)number);
        }
    }

    /// <summary>A packed list of doubles.</summary>
    public void Doubles(int field, IReadOnlyList<double> numbers)
    {
        Tag(field, 2);
        Varint((ulong)numbers.Count * 8);
        foreach (var number in numbers)
        {
            Fixed64(BitConverter.DoubleToUInt64Bits(number));
        }
    }

    private void Tag(int field, int wireType) => Varint((ulong)(field << 3 | wireType));

    private void Fixed64(ulong number)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Room(8), number);
        _length += 8;
    }

    private void Varint(ulong number)
    {
        var room = Room(10);
        var i = 0;
        for (; number >= 0x80; number >>= 7)
        {
            room[i++] = (byte)(number | 0x80);
        }

        room[i++] = (byte)number;
        _length += i;
    }

    private Span<byte> Room(int size)
    {
        if (_length + size > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + size));
        }

        return _bytes.AsSpan(_length);
    }
}
