using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Google.Protobuf;

namespace Border0.PdSidecar.Fleet.Passing;

/// <summary>An event that PagerDuty delivered to one sidecar, which has checked its signature, on its way to the others.</summary>
/// <param name="WebhookId">The delivery's id; null when it had none.</param>
/// <param name="Event">What it says.</param>
/// <param name="SentAt">When it was passed on, by the sender's clock.</param>
internal sealed record PassedEvent(string? WebhookId, WebhookEvent Event, DateTimeOffset SentAt)
{
    /// <summary>Tells events apart: one that is delivered to two sidecars is one.</summary>
    [JsonIgnore]
    public string Id => Event.Id.Length > 0
        ? Event.Id
        : Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(Event, PassingJson.Default.WebhookEvent)).AsSpan(0, 12));

    public ByteString Write() => ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(this, PassingJson.Default.PassedEvent));

    /// <summary>Null when it is none.</summary>
    public static PassedEvent? Read(ReadOnlySpan<byte> value)
    {
        try
        {
            return JsonSerializer.Deserialize(value, PassingJson.Default.PassedEvent) is
            {
                Event: { Id: not null, Type: not null } said,
            } passed
                && said.Incident is null or { Id.Length: > 0, ServiceId.Length: > 0, Title: not null, AssigneeIds.IsDefault: false }
                    ? passed
                    : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PassedEvent))]
internal sealed partial class PassingJson : JsonSerializerContext;
