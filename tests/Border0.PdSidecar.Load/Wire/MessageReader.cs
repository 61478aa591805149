using System.Buffers.Binary;

namespace Border0.PdSidecar.Load.Wire;

internal delegate void MessageHandler(ReadOnlySpan<byte> message);

/// <summary>Puts the gRPC messages of one stream together from its data frames.</summary>
internal sealed class MessageReader(MessageHandler handler)
{
    private const int Prefix = 5;
    private byte[] _kept = new byte[1 << 14];
    private int _length;

    public void Take(ReadOnlySpan<byte> payload)
    {
        if (_length == 0)
        {
            payload = payload[Messages(payload)..];
        }

        if (payload.Length == 0)
        {
            return;
        }

        if (_length + payload.Length > _kept.Length)
        {
            Array.Resize(ref _kept, 2 * (_length + payload.Length));
        }

        payload.CopyTo(_kept.AsSpan(_length));
        _length += payload.Length;
        var taken = Messages(_kept.AsSpan(0, _length));
        _kept.AsSpan(taken, _length - taken).CopyTo(_kept);
        _length -= taken;
    }

    private int Messages(ReadOnlySpan<byte> bytes)
    {
        var taken = 0;
        while (bytes.Length - taken >= Prefix)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes[(taken + 1)..]);
            if (bytes.Length - taken - Prefix < length)
            {
                break;
            }

            handler(bytes.Slice(taken + Prefix, length));
            taken += Prefix + length;
        }

        return taken;
    }
}
