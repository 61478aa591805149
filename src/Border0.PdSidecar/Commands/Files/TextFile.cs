using System.Text;
using Border0.PdSidecar.Commands.Terminals;

namespace Border0.PdSidecar.Commands.Files;

/// <summary>Files of configuration: JSON, or YAML where the name ends in .yaml or .yml.</summary>
internal static class TextFile
{
    private const int Longest = 4 * 1024 * 1024;

    /// <summary>Reads a file, or standard input for "-", and returns its documents as JSON, each with its name for errors.</summary>
    /// <exception cref="CommandException">It cannot be read, or is no YAML.</exception>
    public static IReadOnlyList<(string Json, string Source)> Read(Terminal terminal, string file)
    {
        var (text, source) = (Text(terminal, file), file == "-" ? "standard input" : file);
        if (!IsYaml(file, text))
        {
            return [(text, source)];
        }

        var documents = YamlText.ToJson(text, source);
        return [.. documents.Select((json, i) => (json, documents.Count == 1 ? source : $"{source} (document {i + 1})"))];
    }

    /// <summary>Whether a file's name says that it is one of configuration.</summary>
    public static bool IsOfConfiguration(string file) => Path.GetExtension(file) is ".json" or ".yaml" or ".yml";

    private static string Text(Terminal terminal, string file)
    {
        var source = file == "-" ? "standard input" : file;
        try
        {
            using TextReader? opened = file == "-" ? null : new StreamReader(File.OpenRead(file), new UTF8Encoding(false, throwOnInvalidBytes: true));
            var text = new StringBuilder();
            var chunk = new char[16 * 1024];
            while ((opened ?? terminal.In).Read(chunk, 0, chunk.Length) is > 0 and var read)
            {
                if (text.Append(chunk, 0, read).Length > Longest)
                {
                    throw CommandException.Wrong($"{source}: is longer than {Longest} characters");
                }
            }

            return text.ToString();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CommandException.Wrong($"{source}: cannot be read: {e.Message}");
        }
    }

    // What comes from standard input has no name: JSON, with the comments that are allowed in it, begins with one of these.
    private static bool IsYaml(string file, string text) =>
        file == "-" ? text.AsSpan().TrimStart() is not (['{' or '[' or '/', ..] or []) : Path.GetExtension(file) is ".yaml" or ".yml";
}
