using System.Text.Json.Serialization;

namespace Border0.PdSidecar.PagerDuty.Rest.Wire;

/// <summary>Reads PagerDuty's answers without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    Converters =
    [
        typeof(LenientTextConverter), typeof(LenientNumberConverter), typeof(LenientFlagConverter), typeof(WireTimeConverter),
    ])]
[JsonSerializable(typeof(WireServicePage))]
[JsonSerializable(typeof(WireOnCallPage))]
[JsonSerializable(typeof(WireIncidentPage))]
[JsonSerializable(typeof(WireUserPage))]
[JsonSerializable(typeof(WireWebhookSubscriptionPage))]
[JsonSerializable(typeof(WireServiceAnswer))]
[JsonSerializable(typeof(WireUserAnswer))]
internal sealed partial class WireJson : JsonSerializerContext;
