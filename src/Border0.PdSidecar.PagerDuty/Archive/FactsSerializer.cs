using System.Collections.Immutable;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using Border0.PdSidecar.Engine.Facts;

namespace Border0.PdSidecar.PagerDuty.Archive;

/// <summary>Facts as bytes at rest: gzipped JSON with a format version. Holds personal data (names, e-mail addresses), no secrets.</summary>
internal static class FactsSerializer
{
    private const int Version = 1;

    public static byte[] Write(IntegrationFacts facts)
    {
        var kept = new KeptFacts(
            Version, [.. facts.Services.Values], [.. facts.Incidents.Values], [.. facts.EscalationPolicies.Values]);
        using var bytes = new MemoryStream();
        using (var zip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            JsonSerializer.Serialize(zip, kept, KeptFactsJson.Default.KeptFacts);
        }

        return bytes.ToArray();
    }

    /// <summary>Null when the bytes are damaged or of another version: then there is nothing to start from.</summary>
    public static IntegrationFacts? Read(byte[] bytes)
    {
        try
        {
            using var zip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
            return JsonSerializer.Deserialize(zip, KeptFactsJson.Default.KeptFacts) is { Version: Version } kept && KeptFactsCheck.IsWhole(kept)
                ? new IntegrationFacts
                {
                    Services = kept.Services.ToDictionary(s => s.Id, StringComparer.Ordinal),
                    Incidents = kept.Incidents.ToDictionary(i => i.ServiceId, StringComparer.Ordinal),
                    EscalationPolicies = kept.EscalationPolicies.ToDictionary(p => p.Id, StringComparer.Ordinal),
                }
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>The facts of one integration as they are written.</summary>
internal sealed record KeptFacts(
    int Version,
    ImmutableArray<ServiceFacts> Services,
    ImmutableArray<IncidentFacts> Incidents,
    ImmutableArray<EscalationPolicyFacts> EscalationPolicies);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(KeptFacts))]
internal sealed partial class KeptFactsJson : JsonSerializerContext;
