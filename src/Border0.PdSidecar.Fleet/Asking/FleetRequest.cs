using System.Text.Json;
using System.Text.Json.Serialization;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Rest;
using Google.Protobuf;

namespace Border0.PdSidecar.Fleet.Asking;

/// <summary>What a sidecar asks of whoever polls an integration, and then the answer, under the same key.</summary>
/// <param name="ServiceId">The service to fetch; null: refresh everything.</param>
/// <param name="Answer">What came of it; null until it is answered.</param>
internal sealed record FleetRequest(string? ServiceId, FleetAnswer? Answer)
{
    public ByteString Write() => ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(this, AskingJson.Default.FleetRequest));

    /// <summary>Null when it is none.</summary>
    public static FleetRequest? Read(ReadOnlySpan<byte> value)
    {
        try
        {
            return JsonSerializer.Deserialize(value, AskingJson.Default.FleetRequest) is { } read && (read.Answer is null or { Message: not null }) ? read : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }
}

/// <summary>The outcome of a refresh that another sidecar asked for.</summary>
internal sealed record FleetAnswer(
    PagerDutyOutcome Outcome, string Message, int Services, int EscalationPolicies, int OpenIncidents, TimeSpan Duration)
{
    public static FleetAnswer Of(SyncOutcome o) => new(o.Outcome, o.Message, o.Services, o.EscalationPolicies, o.OpenIncidents, o.Duration);

    public SyncOutcome ToOutcome() => new(Outcome, Message, Services, EscalationPolicies, OpenIncidents, Duration);
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FleetRequest))]
internal sealed partial class AskingJson : JsonSerializerContext;
