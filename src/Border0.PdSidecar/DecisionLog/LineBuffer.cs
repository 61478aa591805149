using System.Buffers.Text;
using System.Text;
using Border0.PdSidecar.Rpc;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>
/// Lines of JSON that are about to be written, in memory that is used again. Each part is added with what leads up to it, name and quotes
/// included: most of a line is copied as it stands.
/// </summary>
internal sealed class LineBuffer(int capacity)
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

    /// <summary>Adds JSON as it stands.</summary>
    public void Add(ReadOnlySpan<byte> json)
    {
        json.CopyTo(Room(json.Length));
        Length += json.Length;
    }

    /// <summary>Adds JSON as it stands.</summary>
    public void Add(ReadOnlySpan<byte> lead, string json)
    {
        Add(lead);
        Length += Encoding.UTF8.GetBytes(json, Room(Encoding.UTF8.GetMaxByteCount(json.Length)));
    }

    /// <summary>Adds a text that the lead has opened the quotes of.</summary>
    public void AddText(ReadOnlySpan<byte> lead, ReadOnlySpan<char> text)
    {
        var room = Room(lead.Length + text.Length * JsonText.MostPerChar + 1);
        lead.CopyTo(room);
        var end = lead.Length + JsonText.Write(text, room[lead.Length..]);
        room[end] = (byte)'"';
        Length += end + 1;
    }

    /// <summary>Adds a text in UTF-8 that the lead has opened the quotes of.</summary>
    public void AddText(ReadOnlySpan<byte> lead, ReadOnlySpan<byte> text)
    {
        var room = Room(lead.Length + text.Length * JsonText.MostPerChar + 1);
        lead.CopyTo(room);
        var end = lead.Length + JsonText.Write(text, room[lead.Length..]);
        room[end] = (byte)'"';
        Length += end + 1;
    }

    /// <summary>Adds a text that the lead has opened the quotes of, unless there is none.</summary>
    public void AddIfAny(ReadOnlySpan<byte> lead, ReadOnlySpan<char> text)
    {
        if (text.Length > 0)
        {
            AddText(lead, text);
        }
    }

    /// <summary>Adds a number.</summary>
    public void AddNumber(ReadOnlySpan<byte> lead, long number)
    {
        var room = Room(lead.Length + 24);
        lead.CopyTo(room);
        Utf8Formatter.TryFormat(number, room[lead.Length..], out var length);
        Length += lead.Length + length;
    }

    /// <summary>Adds an instant that the lead has opened the quotes of.</summary>
    public void AddTime(ReadOnlySpan<byte> lead, long utcTicks)
    {
        var room = Room(lead.Length + RecordTime.InstantLength + 1);
        lead.CopyTo(room);
        RecordTime.Write(utcTicks, room.Slice(lead.Length, RecordTime.InstantLength));
        room[lead.Length + RecordTime.InstantLength] = (byte)'"';
        Length += lead.Length + RecordTime.InstantLength + 1;
    }

    /// <summary>Adds an instant that the lead has opened the quotes of, if there is one.</summary>
    public void AddTime(ReadOnlySpan<byte> lead, Timestamp? instant)
    {
        if (instant is not null)
        {
            AddTime(lead, RecordTime.TicksOf(instant.Seconds, instant.Nanos));
        }
    }

    /// <summary>Adds an instant that the lead has opened the quotes of, if there is one.</summary>
    public void AddTime(ReadOnlySpan<byte> lead, WireSpan? instant)
    {
        if (instant is { } known)
        {
            AddTime(lead, RecordTime.TicksOf(known.Seconds, known.Nanos));
        }
    }

    /// <summary>Adds an age in seconds.</summary>
    public void AddAge(ReadOnlySpan<byte> lead, WireSpan age)
    {
        var room = Room(lead.Length + RecordTime.LongestAge);
        lead.CopyTo(room);
        Length += lead.Length + RecordTime.Write(age, room[lead.Length..]);
    }

    private Span<byte> Room(int wanted)
    {
        if (_bytes.Length - Length < wanted)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + wanted));
        }

        return _bytes.AsSpan(Length);
    }
}
