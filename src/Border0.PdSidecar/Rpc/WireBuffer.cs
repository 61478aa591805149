using System.Text;

namespace Border0.PdSidecar.Rpc;

/// <summary>
/// Bytes in protobuf's wire format, in memory that is used again. What has its type's default is left out, as proto3 does. See
/// https://protobuf.dev/programming-guides/encoding.
/// </summary>
internal struct WireBuffer(int capacity)
{
    private const int Varint = 0;
    private const int Delimited = 2;
    private const int LongestVarint = 10;

    private byte[] _bytes = new byte[capacity];
    private int _length;

    /// <summary>What is in it.</summary>
    public readonly ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    /// <summary>Empties it, and lets go of memory beyond a bound.</summary>
    public void Clear(int mostKept)
    {
        _length = 0;
        if (_bytes.Length > mostKept)
        {
            _bytes = new byte[mostKept];
        }
    }

    /// <summary>Adds a field of type int32, int64 or an enum.</summary>
    public void AddNumber(int field, long number)
    {
        if (number != 0)
        {
            Room(LongestVarint * 2);
            Put((uint)(field << 3 | Varint));
            Put((ulong)number);
        }
    }

    /// <summary>Adds a string field.</summary>
    public void AddText(int field, string text)
    {
        if (text.Length == 0)
        {
            return;
        }

        Room(LongestVarint * 2 + text.Length * 3);
        Put((uint)(field << 3 | Delimited));
        if (text.Length < 128)
        {
            // Nearly always its bytes are as many as its characters.
            var written = Encoding.UTF8.GetBytes(text, _bytes.AsSpan(_length + 1));
            if (written < 128)
            {
                _bytes[_length] = (byte)written;
                _length += 1 + written;
                return;
            }
        }

        Put((ulong)Encoding.UTF8.GetByteCount(text));
        _length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(_length));
    }

    /// <summary>Adds a string field of what is UTF-8 already.</summary>
    public void AddBytes(int field, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 0)
        {
            AddLength(field, bytes.Length);
            bytes.CopyTo(Take(bytes.Length));
        }
    }

    /// <summary>Adds a Timestamp or a Duration.</summary>
    public void AddSpan(int field, long seconds, int nanos)
    {
        var start = Begin(field);
        AddNumber(1, seconds);
        AddNumber(2, nanos);
        End(start);
    }

    /// <summary>Begins a field of so many bytes, which are to be taken next.</summary>
    public void AddLength(int field, int length)
    {
        Room(LongestVarint * 2);
        Put((uint)(field << 3 | Delimited));
        Put((ulong)length);
    }

    /// <summary>Room for so many bytes, which count as written.</summary>
    public Span<byte> Take(int length)
    {
        Room(length);
        _length += length;
        return _bytes.AsSpan(_length - length, length);
    }

    /// <summary>Begins a message in a field.</summary>
    /// <returns>What <see cref="End"/> is to be given.</returns>
    public int Begin(int field)
    {
        Room(LongestVarint * 2);
        Put((uint)(field << 3 | Delimited));
        return ++_length;
    }

    /// <summary>Ends a message: its length is known now.</summary>
    public void End(int start)
    {
        var size = _length - start;
        if (size < 128)
        {
            _bytes[start - 1] = (byte)size;
            return;
        }

        // One byte was left for a length that takes more.
        var more = size < 1 << 14 ? 1 : size < 1 << 21 ? 2 : size < 1 << 28 ? 3 : 4;
        Room(more);
        _bytes.AsSpan(start, size).CopyTo(_bytes.AsSpan(start + more));
        _length = start - 1;
        Put((ulong)size);
        _length += size;
    }

    private void Put(ulong number)
    {
        for (; number >= 128; number >>= 7)
        {
            _bytes[_length++] = (byte)(number | 128);
        }

        _bytes[_length++] = (byte)number;
    }

    private void Room(int wanted)
    {
        if (_bytes.Length - _length < wanted)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + wanted));
        }
    }
}
