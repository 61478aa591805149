using System.CommandLine;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Terminals;

namespace Border0.PdSidecar.Commands;

/// <summary>`pdsidecar help`: the help of a command, and what holds for all of them.</summary>
internal static class HelpCommand
{
    /// <summary>What commands read from the environment.</summary>
    public static IReadOnlyList<string> EnvironmentLines { get; } =
    [
        "Environment variables of the commands. An argument wins over its variable.",
        "",
        $"  {RemoteOptions.AddressVariable}  the sidecar: unix:///PATH, https://HOST:PORT, or HOST:PORT on this machine (--address)",
        $"  {RemoteOptions.TokenVariable}    an access token (--token-file)",
        "  PDSIDECAR_DATA     the data directory: of serve, and where the other commands look for a sidecar that runs",
        "  PDSIDECAR_*        every option of serve: PDSIDECAR_MAX_STALENESS is --max-staleness",
        "  NO_COLOR           no colours",
    ];

    private static readonly Dictionary<string, Func<string>> Topics = new(StringComparer.Ordinal)
    {
        ["exit-codes"] = static () => $"Exit codes. Each command says in its own help which of them it has.\n\n{ExitCodesText()}",
        ["environment"] = static () => string.Join('\n', EnvironmentLines),
    };

    public static Command Create(Terminal terminal, Func<IReadOnlyList<string>, Task<int>> run)
    {
        var words = new Argument<string[]>("TOPIC") { Description = "exit-codes, environment, or a command", Arity = ArgumentArity.ZeroOrMore };
        words.CompletionSources.Add([.. Topics.Keys]);
        var command = new Command(
            "help",
            """
            Shows the help of a command, or what holds for all of them.

            Exit codes: 0 shown, 2 there is no such command.

            Example:
              pdsidecar help exit-codes
              pdsidecar help policies create
            """) { words };
        command.SetAction(async (parsed, _) =>
        {
            var topic = parsed.GetValue(words) ?? [];
            if (topic is [var one] && Topics.TryGetValue(one, out var text))
            {
                terminal.Out.WriteLine(text());
                return ExitCodes.Done;
            }

            var about = parsed.RootCommandResult.Command;
            foreach (var word in topic)
            {
                if (about.Subcommands.FirstOrDefault(c => c.Name == word) is not { } below)
                {
                    terminal.Complain($"there is no command and no topic {string.Join(' ', topic)}; topics: {string.Join(", ", Topics.Keys)}");
                    return ExitCodes.Wrong;
                }

                about = below;
            }

            return await run([.. topic, "--help"]);
        });
        return command;
    }

    /// <summary>Every exit code, one a line.</summary>
    public static string ExitCodesText() => string.Join('\n', ExitCodes.All.Select(c => $"  {c.Code,-4}{c.Meaning}"));
}
