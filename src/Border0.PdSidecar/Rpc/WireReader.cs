namespace Border0.PdSidecar.Rpc;

/// <summary>Reads the fields of a message that this process has written itself, one after the other.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _left = message;

    /// <summary>The field that was read last.</summary>
    public int Field { get; private set; }

    /// <summary>Its value, where it is a number.</summary>
    public long Number { get; private set; }

    /// <summary>Its value, where it is a text or a message.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Reads the next field; false at the end.</summary>
    /// <exception cref="FormatException">It is of a type that no answer has, or the message ends within it.</exception>
    public bool Read()
    {
        if (_left.IsEmpty)
        {
            return false;
        }

        var tag = Varint();
        Field = (int)(tag >> 3);
        switch (tag & 7)
        {
            case 0:
                Number = (long)Varint();
                return true;
            case 2 when Varint() is var length && length <= (ulong)_left.Length:
                Bytes = _left[..(int)length];
                _left = _left[(int)length..];
                return true;
            default:
                throw new FormatException("not an answer's bytes");
        }
    }

    private ulong Varint()
    {
        if (_left.Length > 0 && _left[0] < 128)
        {
            // Nearly every tag and length.
            var one = _left[0];
            _left = _left[1..];
            return one;
        }

        ulong number = 0;
        for (var i = 0; i < _left.Length && i < 10; i++)
        {
            number |= (ulong)(_left[i] & 127) << (7 * i);
            if (_left[i] < 128)
            {
                _left = _left[(i + 1)..];
                return number;
            }
        }

        throw new FormatException("not an answer's bytes");
    }
}
