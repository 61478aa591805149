using System.CommandLine;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.Commands.Storage;

/// <summary>The options of `serve` that say where everything is stored, for the commands that work on it without a sidecar.</summary>
internal sealed class StorageOptions
{
    private readonly Option<string?> _config = new("--config") { Description = "the sidecar's configuration file", HelpName = "FILE" };
    private readonly List<(OptionKey Key, Option<string?> Option)> _keys;

    /// <summary>Makes the options.</summary>
    /// <param name="withStorage">Whether "storage" is one of them.</param>
    public StorageOptions(bool withStorage) => _keys =
    [
        .. OptionKeys.All
            .Where(k => k.Name is "data" or "encryption_key_file" || (k.Name == "storage" && withStorage) || k.Name.StartsWith("etcd_", StringComparison.Ordinal))
            .Select(k => (k, new Option<string?>(k.Argument) { Description = k.Description, HelpName = k.Value })),
    ];

    /// <summary>Gives a command these options.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_config);
        _keys.ForEach(k => command.Options.Add(k.Option));
    }

    /// <summary>What the arguments, the environment and the file say.</summary>
    /// <param name="terminal">Whose environment.</param>
    /// <param name="parsed">The arguments.</param>
    /// <param name="storage">What "storage" is to be, whatever they say; null for what they say.</param>
    /// <exception cref="CommandException">Something is not acceptable.</exception>
    public SidecarOptions Read(Terminal terminal, ParseResult parsed, string? storage = null)
    {
        var arguments = _keys.Where(k => parsed.GetValue(k.Option) is not null).ToDictionary(k => k.Key.Name, k => parsed.GetValue(k.Option)!);
        if (storage is not null)
        {
            arguments["storage"] = storage;
        }

        var problems = new List<string>();
        var options = OptionsReader.Read(parsed.GetValue(_config) ?? terminal.Variable("PDSIDECAR_CONFIG"), terminal.Variable, arguments, problems);
        return problems.Count == 0 ? options : throw CommandException.Wrong(string.Join('\n', problems));
    }

    /// <summary>The file of the keys.</summary>
    public static string KeyFileOf(SidecarOptions options) =>
        options.EncryptionKeyFile.Length > 0 ? options.EncryptionKeyFile : Path.Combine(options.Data, "encryption.key");
}
