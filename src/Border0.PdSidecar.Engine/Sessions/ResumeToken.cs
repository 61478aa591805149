using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// Where a watch stands: a history (epoch), whose log, and a revision in it. Opaque to the connector; the check tells a mangled
/// token from one of another history. It is no secret and grants nothing.
/// </summary>
/// <param name="Epoch">The history.</param>
/// <param name="Log">Which organization's and connector's log.</param>
/// <param name="Revision">Everything up to this revision was handled.</param>
public readonly record struct ResumeToken(Guid Epoch, uint Log, long Revision)
{
    /// <summary>How many characters a token has, all of them ASCII.</summary>
    public const int TextLength = 44;

    private const byte Version = 2;
    private const int PayloadLength = 1 + 16 + 4 + 8;
    private const int Length = PayloadLength + 4;

    /// <summary>Tells logs apart.</summary>
    public static uint LogOf(string organizationId, string connectorId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{organizationId}\n{connectorId}"), hash);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }

    /// <summary>Reads a token; false when it is none.</summary>
    public static bool TryParse(string text, out ResumeToken token)
    {
        token = default;
        Span<byte> bytes = stackalloc byte[Length];
        if (text.Length != TextLength
            || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done || written != Length
            || bytes[0] != Version
            || BinaryPrimitives.ReadUInt32BigEndian(bytes[PayloadLength..]) != Check(bytes[..PayloadLength]))
        {
            return false;
        }

        token = new ResumeToken(
            new Guid(bytes[1..17]), BinaryPrimitives.ReadUInt32BigEndian(bytes[17..]), BinaryPrimitives.ReadInt64BigEndian(bytes[21..]));
        return token.Revision >= 0;
    }

    /// <summary>The token as text.</summary>
    public override string ToString()
    {
        Span<byte> text = stackalloc byte[TextLength];
        WriteTo(text);
        return Encoding.ASCII.GetString(text);
    }

    /// <summary>Writes the token's text.</summary>
    /// <param name="text">Where to; of <see cref="TextLength"/> bytes.</param>
    public void WriteTo(Span<byte> text)
    {
        Span<byte> bytes = stackalloc byte[Length];
        bytes[0] = Version;
        Epoch.TryWriteBytes(bytes[1..17]);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[17..], Log);
        BinaryPrimitives.WriteInt64BigEndian(bytes[21..], Revision);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[PayloadLength..], Check(bytes[..PayloadLength]));
        Base64Url.EncodeToUtf8(bytes, text);
    }

    /// <summary>CRC-32C: every event has a token, and what it guards against is chance.</summary>
    private static uint Check(ReadOnlySpan<byte> payload)
    {
        var crc = uint.MaxValue;
        foreach (var value in payload)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
