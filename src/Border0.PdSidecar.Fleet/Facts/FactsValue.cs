using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Border0.PdSidecar.Engine.Facts;
using Google.Protobuf;

namespace Border0.PdSidecar.Fleet.Facts;

/// <summary>
/// A value as it stands in etcd: a version, the fencing token that it was written under, and deflated JSON.
/// Holds personal data (names, e-mail addresses), no secrets.
/// </summary>
internal static class FactsValue
{
    /// <summary>Bytes of a value's JSON at most. etcd itself takes 1.5 MiB a request, deflated.</summary>
    public const int MaxExpanded = 32 << 20;

    private const byte Version = 1;
    private const int HeaderBytes = 1 + sizeof(long);

    public static ByteString Write(PublishedService service, long token) => Write(service, FleetJson.Default.PublishedService, token);

    public static ByteString Write(EscalationPolicyFacts policy, long token) => Write(policy, FleetJson.Default.EscalationPolicyFacts, token);

    public static ByteString Write(Confirmation confirmation, long token) => Write(confirmation, FleetJson.Default.Confirmation, token);

    /// <summary>The token of a value; false when it is none of this version.</summary>
    public static bool TryReadToken(ReadOnlySpan<byte> value, out long token)
    {
        token = 0;
        return value.Length >= HeaderBytes && value[0] == Version && BinaryPrimitives.TryReadInt64BigEndian(value[1..], out token);
    }

    public static PublishedService? ReadService(ReadOnlyMemory<byte> value) =>
        Read(value, FleetJson.Default.PublishedService) is { } read && FactsValueCheck.IsWhole(read) ? read : null;

    public static EscalationPolicyFacts? ReadPolicy(ReadOnlyMemory<byte> value) =>
        Read(value, FleetJson.Default.EscalationPolicyFacts) is { } read && FactsValueCheck.IsWhole(read) ? read : null;

    public static Confirmation? ReadConfirmation(ReadOnlyMemory<byte> value) =>
        Read(value, FleetJson.Default.Confirmation) is { } read && FactsValueCheck.IsWhole(read) ? read : null;

    private static ByteString Write<T>(T value, JsonTypeInfo<T> type, long token)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(value, type);
        using var bytes = new MemoryStream(HeaderBytes + (json.Length / 2));
        Span<byte> header = stackalloc byte[HeaderBytes];
        header[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(header[1..], token);
        bytes.Write(header);
        using (var deflated = new DeflateStream(bytes, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflated.Write(json);
        }

        return ByteString.CopyFrom(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    /// <summary>Null when the bytes are damaged, too large, or none of this type.</summary>
    private static T? Read<T>(ReadOnlyMemory<byte> value, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            using var deflated = new DeflateStream(new MemoryStream(value[HeaderBytes..].ToArray()), CompressionMode.Decompress);
            using var json = new MemoryStream();
            var buffer = new byte[4096];
            for (var read = deflated.Read(buffer); read > 0; read = deflated.Read(buffer))
            {
                if (json.Length + read > MaxExpanded)
                {
                    return null;
                }

                json.Write(buffer, 0, read);
            }

            return JsonSerializer.Deserialize(json.GetBuffer().AsSpan(0, (int)json.Length), type);
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PublishedService))]
[JsonSerializable(typeof(EscalationPolicyFacts))]
[JsonSerializable(typeof(Confirmation))]
internal sealed partial class FleetJson : JsonSerializerContext;
