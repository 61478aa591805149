using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>
/// A sentence that is put together in the encoding in which it is answered and recorded. Starts on the caller's stack, and borrows memory
/// when that is not enough; to be disposed of.
/// </summary>
internal ref struct Utf8Text(Span<byte> start)
{
    private Span<byte> _bytes = start;
    private byte[]? _borrowed;
    private int _length;

    /// <summary>What was added so far.</summary>
    public readonly ReadOnlySpan<byte> Written => _bytes[.._length];

    /// <summary>Adds what is UTF-8 already.</summary>
    public void Add(scoped ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(Room(utf8.Length));
        _length += utf8.Length;
    }

    /// <summary>Adds a text as it is.</summary>
    public void Add(string text) => _length += Encoding.UTF8.GetBytes(text, Room(text.Length * 3));

    /// <summary>Adds a number.</summary>
    public void Add(long number)
    {
        Utf8Formatter.TryFormat(number, Room(20), out var written);
        _length += written;
    }

    /// <summary>Adds "18:00Z", or "2026-11-24 06:00Z" when it is another day than the one it is said on.</summary>
    public void AddInstant(DateTimeOffset instant, DateTimeOffset saidAt)
    {
        var utc = instant.UtcDateTime;
        if (utc.Date != saidAt.UtcDateTime.Date)
        {
            utc.Deconstruct(out DateOnly date, out TimeOnly _);
            date.Deconstruct(out var year, out var month, out var day);
            AddDigits(year, 4);
            Add("-"u8);
            AddDigits(month, 2);
            Add("-"u8);
            AddDigits(day, 2);
            Add(" "u8);
        }

        AddDigits(utc.Hour, 2);
        Add(":"u8);
        AddDigits(utc.Minute, 2);
        if (utc.Second != 0)
        {
            Add(":"u8);
            AddDigits(utc.Second, 2);
        }

        Add("Z"u8);
    }

    /// <summary>Adds "Payments (PXYZ123)", or the id alone where no name is known.</summary>
    public void AddNamed(string name, string id)
    {
        if (name.Length == 0 || name == id)
        {
            Add(id);
            return;
        }

        Add(Wording.Cut(name));
        Add(" ("u8);
        Add(id);
        Add(")"u8);
    }

    /// <summary>Adds "Facts are 3 s old."</summary>
    public void AddAge(DateTimeOffset asOf, DateTimeOffset now)
    {
        var (count, unit) = Wording.Units(now - asOf);
        Add("Facts are "u8);
        Add(count);
        Add(unit);
        Add(" old."u8);
    }

    /// <summary>What was added, as a string.</summary>
    public override readonly string ToString() => Encoding.UTF8.GetString(Written);

    /// <summary>Gives back what was borrowed.</summary>
    public void Dispose()
    {
        if (_borrowed is { } borrowed)
        {
            _borrowed = null;
            ArrayPool<byte>.Shared.Return(borrowed);
        }
    }

    private void AddDigits(int number, int digits)
    {
        var room = Room(digits);
        for (var i = digits - 1; i >= 0; i--)
        {
            room[i] = (byte)('0' + number % 10);
            number /= 10;
        }

        _length += digits;
    }

    private Span<byte> Room(int wanted)
    {
        if (_bytes.Length - _length < wanted)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, _length + wanted));
            Written.CopyTo(larger);
            Dispose();
            _bytes = _borrowed = larger;
        }

        return _bytes[_length..];
    }
}
