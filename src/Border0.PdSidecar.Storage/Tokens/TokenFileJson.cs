using System.Text.Json.Serialization;

namespace Border0.PdSidecar.Storage.Tokens;

/// <summary>The file as it is written.</summary>
/// <param name="Version">Of its form.</param>
/// <param name="Tokens">The tokens.</param>
internal sealed record TokenFileContent(int Version, List<TokenRecord?> Tokens);

[JsonSerializable(typeof(TokenFileContent))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
internal sealed partial class TokenFileJson : JsonSerializerContext;
