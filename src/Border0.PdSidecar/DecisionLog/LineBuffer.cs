using System.Buffers;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>Lines that are about to be written, in memory that is used again.</summary>
internal sealed class LineBuffer(int capacity) : IBufferWriter<byte>
{
    private byte[] _bytes = new byte[capacity];

    /// <summary>How much is in it. To be set back only.</summary>
    public int Length { get; set; }

    /// <summary>What is in it.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Empties it, and lets go of what an unusually large record made it grow to.</summary>
    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > capacity * 4)
        {
            _bytes = new byte[capacity];
        }
    }

    /// <summary>Adds one byte.</summary>
    public void Add(byte value)
    {
        Room(1);
        _bytes[Length++] = value;
    }

    /// <inheritdoc/>
    public void Advance(int count) => Length += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Room(sizeHint);
        return _bytes.AsMemory(Length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Room(sizeHint);
        return _bytes.AsSpan(Length);
    }

    private void Room(int wanted)
    {
        if (_bytes.Length - Length < Math.Max(wanted, 1))
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + wanted));
        }
    }
}
