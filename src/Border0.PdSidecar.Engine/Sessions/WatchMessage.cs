using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// A message of WatchSessions as the bytes it is sent and kept as: an event is made into bytes once, however many watchers and
/// whichever journal get it.
/// </summary>
public sealed class WatchMessage
{
    /// <summary>The tag and the length of resume_token, which comes first.</summary>
    private const int TokenAt = 2;

    private readonly byte[] _bytes;

    private WatchMessage(byte[] bytes, long revision, string? revokedKey) => (_bytes, Revision, RevokedKey) = (bytes, revision, revokedKey);

    /// <summary>The revision that the message says.</summary>
    public long Revision { get; }

    /// <summary>The key of the session that it revokes; null for anything but session_revoked.</summary>
    public string? RevokedKey { get; }

    /// <summary>A WatchSessionsResponse, serialized.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Takes a message that was kept. Its token is of the past: it gets another one before it is sent.</summary>
    /// <exception cref="InvalidProtocolBufferException">It is none.</exception>
    public static WatchMessage Parse(ReadOnlySpan<byte> bytes) => Of(WatchSessionsResponse.Parser.ParseFrom(bytes), default);

    /// <summary>The message.</summary>
    public WatchSessionsResponse Read() => WatchSessionsResponse.Parser.ParseFrom(_bytes);

    /// <summary>Makes the bytes of a message.</summary>
    /// <param name="message">The message; its resume_token is not looked at, and is empty afterwards.</param>
    /// <param name="token">The token to send with it.</param>
    public static WatchMessage Of(WatchSessionsResponse message, in ResumeToken token)
    {
        message.ResumeToken = "";
        var bytes = new byte[TokenAt + ResumeToken.TextLength + message.CalculateSize()];
        (bytes[0], bytes[1]) = ((WatchSessionsResponse.ResumeTokenFieldNumber << 3) | (int)WireFormat.WireType.LengthDelimited, ResumeToken.TextLength);
        message.WriteTo(bytes.AsSpan(TokenAt + ResumeToken.TextLength));
        var made = new WatchMessage(bytes, message.Revision, message.SessionRevoked?.SessionKey);
        made.Tell(token);
        return made;
    }

    /// <summary>Gives it another token. For whoever holds the only reference, or the lock that readers take.</summary>
    internal void Tell(in ResumeToken token) => token.WriteTo(_bytes.AsSpan(TokenAt, ResumeToken.TextLength));
}
