using System.Text;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>Reads what <see cref="JournalGroup"/> wrote.</summary>
internal ref struct JournalGroupReader(ReadOnlySpan<byte> bytes)
{
    private readonly List<string> _texts = [];
    private readonly List<byte[]> _bodies = [];
    private ReadOnlySpan<byte> _left = bytes;

    /// <summary>The entries of a group, in order.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    /// <exception cref="InvalidProtocolBufferException">A message in it is none.</exception>
    public static List<JournalEntry> Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new JournalGroupReader(bytes);
        var entries = new List<JournalEntry>();
        while (!reader._left.IsEmpty)
        {
            entries.Add(reader.Next());
        }

        return entries;
    }

    private JournalEntry Next() => (JournalGroup.Kind)Byte() switch
    {
        JournalGroup.Kind.Put => Put(),
        JournalGroup.Kind.Removed => Removed(),
        JournalGroup.Kind.Event => Event(),
        JournalGroup.Kind.Trimmed => new JournalEntry.EventsTrimmed(Shared(), Shared(), Number()),
        _ => throw Damaged(),
    };

    private JournalEntry.SessionPut Put()
    {
        var request = EvaluateRequest.Parser.ParseFrom(Bytes());
        var (opened, facts) = (Instant(Number()), Instant());
        var names = new List<string>();
        for (var left = Number(); left > 0; left--)
        {
            names.Add(Shared());
        }

        return new JournalEntry.SessionPut(new JournalSession(request, opened, facts, names));
    }

    private JournalEntry.SessionRemoved Removed() => new(Shared(), Text(), Instant());

    private JournalEntry.EventAppended Event()
    {
        var (organization, connector, revision, time) = (Shared(), Shared(), Number(), Instant(Number()));
        var key = Byte() == 0 ? null : Text();
        var message = WatchMessage.Of(Body(), key, revision);
        JournalEntry.SessionRemoved? ended = (JournalGroup.Ends)Byte() switch
        {
            JournalGroup.Ends.Nothing => null,
            JournalGroup.Ends.TheRevoked => new(organization, key ?? throw Damaged(), Instant()),
            JournalGroup.Ends.Another => Removed(),
            _ => throw Damaged(),
        };

        // What cannot be read must show now, and not when a connector is to get it.
        _ = message.Read();
        return new JournalEntry.EventAppended(organization, connector, revision, time, message, ended);
    }

    private string Shared()
    {
        if (Number() is var place and not 0)
        {
            return place > 0 && place <= _texts.Count ? _texts[(int)place - 1] : throw Damaged();
        }

        _texts.Add(Text());
        return _texts[^1];
    }

    private byte[] Body()
    {
        if (Number() is var place and not 0)
        {
            return place > 0 && place <= _bodies.Count ? _bodies[(int)place - 1] : throw Damaged();
        }

        _bodies.Add(Bytes().ToArray());
        return _bodies[^1];
    }

    private string Text() => Encoding.UTF8.GetString(Bytes());

    private ReadOnlySpan<byte> Bytes()
    {
        var size = Number();
        if (size < 0 || size > _left.Length)
        {
            throw Damaged();
        }

        var bytes = _left[..(int)size];
        _left = _left[(int)size..];
        return bytes;
    }

    private DateTimeOffset? Instant() => Number() is var ticks and not 0 ? Instant(ticks - 1) : null;

    private static DateTimeOffset Instant(long ticks) =>
        ticks >= DateTimeOffset.MinValue.Ticks && ticks <= DateTimeOffset.MaxValue.Ticks ? new(ticks, TimeSpan.Zero) : throw Damaged();

    private long Number()
    {
        ulong number = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var value = Byte();
            number |= (ulong)(value & 127) << shift;
            if (value < 128)
            {
                return (long)number;
            }
        }

        throw Damaged();
    }

    private byte Byte()
    {
        if (_left.IsEmpty)
        {
            throw Damaged();
        }

        var value = _left[0];
        _left = _left[1..];
        return value;
    }

    private static FormatException Damaged() => new("a group of the journal is damaged");
}
