using System.CommandLine;
using Border0.PdSidecar.Commands.Terminals;

namespace Border0.PdSidecar.Commands.Completion;

/// <summary>`pdsidecar completion`: scripts for shells, which ask the program itself what can be typed.</summary>
internal static class CompletionCommand
{
    /// <summary>What the scripts call: the words typed so far follow. No command of the tree, since nobody types it.</summary>
    public const string Asked = "__complete";

    public static Command Create(Terminal terminal)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command(
            "completion",
            """
            Prints what a shell needs to complete commands, options and files. For good: into bash-completion's folder, a folder of zsh's fpath as
            _pdsidecar, or ~/.config/fish/completions.

            Exit codes: 0 printed, 2 the arguments are wrong.

            Example:
              source <(pdsidecar completion bash)
              pdsidecar completion zsh > "${fpath[1]}/_pdsidecar"
              pdsidecar completion fish > ~/.config/fish/completions/pdsidecar.fish
            """) { shell };
        command.SetAction(parsed =>
        {
            terminal.Out.Write(parsed.GetValue(shell) switch { "bash" => CompletionScripts.Bash, "zsh" => CompletionScripts.Zsh, _ => CompletionScripts.Fish });
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Answers a script: a word and what it is on each line, and on the last what the shell may add.</summary>
    public static int Answer(Terminal terminal, Command root, IReadOnlyList<string> words)
    {
        var found = Completer.Complete(root, words);
        foreach (var (word, about) in found.Words)
        {
            terminal.Out.Write($"{word}\t{about}\n");
        }

        terminal.Out.Write($":{found.Kind.ToString().ToLowerInvariant()}\n");
        return ExitCodes.Done;
    }
}
