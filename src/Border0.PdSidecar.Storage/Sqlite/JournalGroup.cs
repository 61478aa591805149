using System.Text;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>
/// Entries of the journal as one piece of bytes: what many of them have in common (organizations, connectors, policies, the text of one change's
/// revocations) stands in it once. For one thread at a time; its memory is used again.
/// </summary>
internal sealed class JournalGroup
{
    /// <summary>A group with more than this is rare, and its memory is let go of.</summary>
    private const int MostKept = 1 << 20;

    private readonly Dictionary<string, int> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<byte[], int> _bodies = new(ReferenceEqualityComparer.Instance);
    private byte[] _bytes = new byte[4096];
    private int _length;

    /// <summary>The kinds of entries, as they stand in files.</summary>
    internal enum Kind : byte
    {
        Put = 1,
        Removed = 2,
        Event = 3,
        Trimmed = 4,
    }

    /// <summary>What of a session an event ends, as it stands in files.</summary>
    internal enum Ends : byte
    {
        Nothing = 0,
        TheRevoked = 1,
        Another = 2,
    }

    /// <summary>Makes the bytes of entries.</summary>
    /// <returns>Valid until the next call.</returns>
    public ReadOnlySpan<byte> Write(ReadOnlySpan<JournalEntry> entries)
    {
        _texts.Clear();
        _bodies.Clear();
        _length = 0;
        if (_bytes.Length > MostKept)
        {
            _bytes = new byte[4096];
        }

        foreach (var entry in entries)
        {
            Add(entry);
        }

        return _bytes.AsSpan(0, _length);
    }

    private void Add(JournalEntry entry)
    {
        switch (entry)
        {
            case JournalEntry.SessionPut { Session: var session }:
                AddByte((byte)Kind.Put);
                AddMessage(session.Request);
                AddNumber(session.Opened.UtcTicks);
                AddInstant(session.FactsTime);
                AddNumber(session.PolicyNames.Count);
                foreach (var name in session.PolicyNames)
                {
                    AddShared(name);
                }

                break;
            case JournalEntry.SessionRemoved removed:
                AddByte((byte)Kind.Removed);
                Add(removed);
                break;
            case JournalEntry.EventAppended appended:
                Add(appended);
                break;
            case JournalEntry.EventsTrimmed trimmed:
                AddByte((byte)Kind.Trimmed);
                AddShared(trimmed.OrganizationId);
                AddShared(trimmed.ConnectorId);
                AddNumber(trimmed.OldestRevision);
                break;
            default:
                throw new ArgumentException($"no such entry: {entry.GetType()}", nameof(entry));
        }
    }

    private void Add(JournalEntry.SessionRemoved removed)
    {
        AddShared(removed.OrganizationId);
        AddText(removed.SessionKey);
        AddInstant(removed.FinalUntil);
    }

    private void Add(JournalEntry.EventAppended appended)
    {
        AddByte((byte)Kind.Event);
        AddShared(appended.OrganizationId);
        AddShared(appended.ConnectorId);
        AddNumber(appended.Revision);
        AddNumber(appended.Time.UtcTicks);
        AddByte(appended.Message.RevokedKey is null ? (byte)0 : (byte)1);
        if (appended.Message.RevokedKey is { } key)
        {
            AddText(key);
        }

        AddShared(appended.Message.Body);
        switch (appended.Ended)
        {
            case null:
                AddByte((byte)Ends.Nothing);
                break;
            case { } ended when ended.SessionKey == appended.Message.RevokedKey && ended.OrganizationId == appended.OrganizationId:
                AddByte((byte)Ends.TheRevoked);
                AddInstant(ended.FinalUntil);
                break;
            case { } ended:
                AddByte((byte)Ends.Another);
                Add(ended);
                break;
        }
    }

    private void AddShared(string text)
    {
        if (_texts.TryGetValue(text, out var place))
        {
            AddNumber(place + 1);
            return;
        }

        _texts.Add(text, _texts.Count);
        AddNumber(0);
        AddText(text);
    }

    private void AddShared(byte[] body)
    {
        if (_bodies.TryGetValue(body, out var place))
        {
            AddNumber(place + 1);
            return;
        }

        _bodies.Add(body, _bodies.Count);
        AddNumber(0);
        AddNumber(body.Length);
        body.CopyTo(Room(body.Length));
    }

    private void AddMessage(EvaluateRequest message)
    {
        var size = message.CalculateSize();
        AddNumber(size);
        message.WriteTo(Room(size));
    }

    private void AddText(string text)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        AddNumber(size);
        Encoding.UTF8.GetBytes(text, Room(size));
    }

    private void AddInstant(DateTimeOffset? instant) => AddNumber(instant is { } known ? known.UtcTicks + 1 : 0);

    private void AddByte(byte value) => Room(1)[0] = value;

    private void AddNumber(long number)
    {
        var value = (ulong)number;
        for (; value >= 128; value >>= 7)
        {
            AddByte((byte)(value | 128));
        }

        AddByte((byte)value);
    }

    private Span<byte> Room(int size)
    {
        if (_bytes.Length - _length < size)
        {
            Array.Resize(ref _bytes, (int)Math.Max(_bytes.Length * 2L, _length + (long)size));
        }

        _length += size;
        return _bytes.AsSpan(_length - size, size);
    }
}
