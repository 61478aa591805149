using System.Text;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// A message of WatchSessions in the pieces that it is sent and kept as: an event is made into bytes once, however many watchers and
/// whichever journal get it, and what the revocations of one change have in common is held once for all of them.
/// </summary>
public sealed class WatchMessage
{
    private const int TokenSize = 2 + ResumeToken.TextLength;
    private const byte TokenTag = (WatchSessionsResponse.ResumeTokenFieldNumber << 3) | (int)WireFormat.WireType.LengthDelimited;
    private const byte RevokedTag = (WatchSessionsResponse.SessionRevokedFieldNumber << 3) | (int)WireFormat.WireType.LengthDelimited;
    private const byte KeyTag = (SessionRevoked.SessionKeyFieldNumber << 3) | (int)WireFormat.WireType.LengthDelimited;
    private const byte RevisionTag = (WatchSessionsResponse.RevisionFieldNumber << 3) | (int)WireFormat.WireType.Varint;

    private readonly byte[] _body;
    private readonly int _keySize;
    private readonly int _revokedSize;
    private ResumeToken _token;

    private WatchMessage(byte[] body, string? revokedKey, long revision, in ResumeToken token)
    {
        (_body, RevokedKey, Revision, _token) = (body, revokedKey, revision, token);
        Size = TokenSize + (revision == 0 ? 0 : 1 + VarintSize((ulong)revision));
        if (revokedKey is null)
        {
            Size += body.Length;
            return;
        }

        _keySize = Encoding.UTF8.GetByteCount(revokedKey);
        _revokedSize = (_keySize == 0 ? 0 : 1 + VarintSize((uint)_keySize) + _keySize) + body.Length;
        Size += 1 + VarintSize((uint)_revokedSize) + _revokedSize;
    }

    /// <summary>The revision that the message says.</summary>
    public long Revision { get; }

    /// <summary>The key of the session that it revokes; null for anything but session_revoked.</summary>
    public string? RevokedKey { get; }

    /// <summary>How many bytes it has as a <see cref="WatchSessionsResponse"/>.</summary>
    public int Size { get; }

    /// <summary>
    /// What it says besides its token, its revision and <see cref="RevokedKey"/>: of a revocation the rest of the SessionRevoked, which is the same
    /// object for those of one change that say the same; otherwise the message. Not to be changed.
    /// </summary>
    public byte[] Body => _body;

    /// <summary>Takes a message that was kept. Its token is of the past: it gets another one before it is sent.</summary>
    /// <exception cref="InvalidProtocolBufferException">It is none.</exception>
    public static WatchMessage Parse(ReadOnlySpan<byte> bytes) => Of(WatchSessionsResponse.Parser.ParseFrom(bytes), default);

    /// <summary>Puts the pieces of a message that was kept together again. Its token is of the past: it gets another one before it is sent.</summary>
    /// <param name="body">Its <see cref="Body"/>.</param>
    /// <param name="revokedKey">Its <see cref="RevokedKey"/>.</param>
    /// <param name="revision">Its <see cref="Revision"/>.</param>
    public static WatchMessage Of(byte[] body, string? revokedKey, long revision) => new(body, revokedKey, revision, default);

    /// <summary>The message.</summary>
    public WatchSessionsResponse Read() => WatchSessionsResponse.Parser.ParseFrom(ToArray());

    /// <summary>Makes the bytes of a message.</summary>
    /// <param name="message">The message; its resume_token is not looked at. Not changed.</param>
    /// <param name="token">The token to send with it.</param>
    public static WatchMessage Of(WatchSessionsResponse message, in ResumeToken token)
    {
        var (body, revokedKey) = Split(message);
        return new WatchMessage(body, revokedKey, message.Revision, token);
    }

    /// <summary>Its bytes.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        WriteTo(bytes);
        return bytes;
    }

    /// <summary>Writes it as a <see cref="WatchSessionsResponse"/>.</summary>
    /// <param name="to">Where to; at least <see cref="Size"/> bytes.</param>
    public void WriteTo(Span<byte> to)
    {
        (to[0], to[1]) = (TokenTag, ResumeToken.TextLength);
        _token.WriteTo(to[2..TokenSize]);
        var at = TokenSize;
        if (RevokedKey is { } key)
        {
            to[at++] = RevokedTag;
            at += WriteVarint(to[at..], (uint)_revokedSize);
            if (_keySize > 0)
            {
                to[at++] = KeyTag;
                at += WriteVarint(to[at..], (uint)_keySize);
                at += Encoding.UTF8.GetBytes(key, to[at..]);
            }
        }

        _body.CopyTo(to[at..]);
        at += _body.Length;
        if (Revision != 0)
        {
            to[at++] = RevisionTag;
            WriteVarint(to[at..], (ulong)Revision);
        }
    }

    /// <summary>An event that is to be appended: the pieces of its message, without token and revision.</summary>
    internal static (byte[] Body, string? RevokedKey) Split(WatchSessionsResponse message) => message.SessionRevoked is { } revoked
        ? (BodyOf(revoked), revoked.SessionKey)
        : (new WatchSessionsResponse(message) { ResumeToken = "", Revision = 0 }.ToByteArray(), null);

    /// <summary>A revocation without the session's key, which comes first.</summary>
    internal static byte[] BodyOf(SessionRevoked revoked)
    {
        var key = Encoding.UTF8.GetByteCount(revoked.SessionKey);
        return revoked.ToByteArray()[(key == 0 ? 0 : 1 + VarintSize((uint)key) + key)..];
    }

    /// <summary>An event with its place in the log.</summary>
    internal static WatchMessage Of(byte[] body, string? revokedKey, long revision, in ResumeToken token) => new(body, revokedKey, revision, token);

    /// <summary>Gives it another token. For whoever holds the only reference, or the lock that readers take.</summary>
    internal void Tell(in ResumeToken token) => _token = token;

    private static int VarintSize(ulong value) => CodedOutputStream.ComputeUInt64Size(value);

    private static int WriteVarint(Span<byte> to, ulong value)
    {
        var at = 0;
        for (; value >= 128; value >>= 7)
        {
            to[at++] = (byte)(value | 128);
        }

        to[at] = (byte)value;
        return at + 1;
    }
}
