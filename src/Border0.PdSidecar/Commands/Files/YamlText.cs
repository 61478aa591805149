using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Border0.PdSidecar.Commands.Files;

/// <summary>
/// YAML as JSON, by YAML 1.2's core schema: "no" and "22:00" are text. Several documents in one file are several texts. What JSON has no
/// word for is refused: tags of its own, keys that are no text, numbers that are none.
/// </summary>
internal static partial class YamlText
{
    private const int Deepest = 64;

    /// <summary>Aliases may multiply: a file of a few lines must not become gigabytes.</summary>
    private const int MostNodes = 200_000;

    /// <summary>Reads every document.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">The file's name, for errors.</param>
    /// <exception cref="CommandException">It is no YAML, or no JSON.</exception>
    public static IReadOnlyList<string> ToJson(string text, string source)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            var left = MostNodes;
            return [.. stream.Documents.Select(d => Write(d.RootNode, source, ref left))];
        }
        catch (YamlException e)
        {
            throw CommandException.Wrong($"{At(source, e.Start)}: is not YAML: {e.InnerException?.Message ?? e.Message}");
        }
    }

    private static string Write(YamlNode root, string source, ref int left)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            Write(writer, root, source, 0, ref left);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter to, YamlNode node, string source, int depth, ref int left)
    {
        if (depth > Deepest || --left < 0)
        {
            throw CommandException.Wrong($"{At(source, node.Start)}: is nested too deeply, or has too much in it");
        }

        switch (node)
        {
            case YamlScalarNode scalar:
                WriteScalar(to, scalar, source);
                break;
            case YamlSequenceNode sequence:
                to.WriteStartArray();
                foreach (var item in sequence.Children)
                {
                    Write(to, item, source, depth + 1, ref left);
                }

                to.WriteEndArray();
                break;
            case YamlMappingNode mapping:
                to.WriteStartObject();
                foreach (var (key, value) in mapping.Children)
                {
                    to.WritePropertyName(key is YamlScalarNode { Value: { } name } ? name : throw CommandException.Wrong($"{At(source, key.Start)}: a key must be text"));
                    Write(to, value, source, depth + 1, ref left);
                }

                to.WriteEndObject();
                break;
            default:
                throw CommandException.Wrong($"{At(source, node.Start)}: is nothing that JSON has a word for");
        }
    }

    private static void WriteScalar(Utf8JsonWriter to, YamlScalarNode scalar, string source)
    {
        var text = scalar.Value ?? "";
        if (!scalar.Tag.IsEmpty && scalar.Tag.Value is not ("!" or "tag:yaml.org,2002:str"))
        {
            throw CommandException.Wrong($"{At(source, scalar.Start)}: the tag {scalar.Tag.Value} is not accepted");
        }

        if (scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any) || !scalar.Tag.IsEmpty)
        {
            to.WriteStringValue(text);
        }
        else if (text is "" or "~" or "null" or "Null" or "NULL")
        {
            to.WriteNullValue();
        }
        else if (text is "true" or "True" or "TRUE" or "false" or "False" or "FALSE")
        {
            to.WriteBooleanValue(text[0] is 't' or 'T');
        }
        else if (Number().IsMatch(text))
        {
            to.WriteRawValue(text);
        }
        else
        {
            to.WriteStringValue(text);
        }
    }

    private static string At(string source, Mark mark) => $"{source}:{mark.Line}:{mark.Column}";

    /// <summary>What is a number in YAML and in JSON alike; "007" and ".5" stay text.</summary>
    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\z")]
    private static partial Regex Number();
}
