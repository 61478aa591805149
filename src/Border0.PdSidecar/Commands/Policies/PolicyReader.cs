using System.Text;
using System.Text.Json;
using Border0.PdSidecar.Commands.Files;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Commands.Policies;

/// <summary>
/// Reads policies from JSON (or YAML, see <see cref="TextFile"/>): one policy with the field names of the contract, a list of them, what
/// `policies list --json` prints, a policy whose conditions and grants stand in Border0's policy document under "policy_data", or such a
/// document alone. Comments and trailing commas are allowed; keys that are not known, or there twice, are not.
/// </summary>
internal static class PolicyReader
{
    /// <summary>What is more than JSON and accepted: comments and trailing commas.</summary>
    public static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
        MaxDepth = 64,
    };

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(false));

    /// <summary>Reads the text of a file.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">The file's name, for errors.</param>
    /// <exception cref="CommandException">It is no policy.</exception>
    public static IReadOnlyList<PolicyInput> Read(string text, string source)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Lenient);
            return Read(document.RootElement, source);
        }
        catch (JsonException e)
        {
            throw NotJson(e, source);
        }
    }

    /// <summary>Reads a file, or standard input for "-".</summary>
    /// <exception cref="CommandException">It cannot be read, or is no policy.</exception>
    public static IReadOnlyList<PolicyInput> ReadFile(Terminals.Terminal terminal, string file) =>
        [.. TextFile.Read(terminal, file).SelectMany(d => Read(d.Json, d.Source))];

    /// <summary>The error of a text that is no JSON.</summary>
    public static CommandException NotJson(JsonException e, string source)
    {
        var at = e.LineNumber is { } line ? $"{source}:{line + 1}:{e.BytePositionInLine + 1}" : source;
        return CommandException.Wrong($"{at}: is not JSON: {WithoutPlace(e.Message)}");
    }

    /// <summary>Reads a policy, or a list of them.</summary>
    /// <exception cref="CommandException">It is no policy.</exception>
    public static IReadOnlyList<PolicyInput> Read(JsonElement root, string source) => root switch
    {
        { ValueKind: JsonValueKind.Array } => [.. root.EnumerateArray().SelectMany((one, i) => Read(one, $"{source}[{i}]"))],
        { ValueKind: JsonValueKind.Object } when root.TryGetProperty("policies", out var list) && list.ValueKind == JsonValueKind.Array && root.EnumerateObject().Count() == 1 => Read(list, source),
        { ValueKind: JsonValueKind.Object } when root.TryGetProperty("policy_data", out var document) => [new PolicyInput(ReadPolicy(root, source), ReadDocument(document, source), source)],
        { ValueKind: JsonValueKind.Object } when root.TryGetProperty("version", out _) => [new PolicyInput(new Policy(), ReadDocument(root, source), source)],
        { ValueKind: JsonValueKind.Object } => [new PolicyInput(ReadPolicy(root, source), null, source)],
        _ => throw CommandException.Wrong($"{source}: must hold a policy, which is a JSON object, or a list of them"),
    };

    private static Policy ReadPolicy(JsonElement json, string source)
    {
        var fields = string.Join(',', json.EnumerateObject().Where(p => p.Name != "policy_data").Select(p => $"{Quoted(p.Name)}:{p.Value.GetRawText()}"));
        return Parse<Policy>(Plain($"{{{fields}}}"), source);
    }

    private static Struct ReadDocument(JsonElement json, string source) => Parse<Struct>(Plain(json.GetRawText()), source + ": policy_data");

    /// <summary>Reads a message by the contract's names; no other are accepted.</summary>
    /// <exception cref="CommandException">It is not that message.</exception>
    public static T Parse<T>(string json, string source)
        where T : IMessage, new()
    {
        try
        {
            return Parser.Parse<T>(json);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException or FormatException or OverflowException)
        {
            throw CommandException.Wrong($"{source}: {e.Message}");
        }
    }

    /// <summary>The same JSON without what only we allow: comments and trailing commas.</summary>
    public static string Plain(string json)
    {
        using var document = JsonDocument.Parse(json, Lenient);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            document.RootElement.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>A name as JSON writes it.</summary>
    public static string Quoted(string name) => $"\"{JsonEncodedText.Encode(name)}\"";

    private static string WithoutPlace(string message) => message.IndexOf(" LineNumber:", StringComparison.Ordinal) is > 0 and var at ? message[..at] : message;
}
