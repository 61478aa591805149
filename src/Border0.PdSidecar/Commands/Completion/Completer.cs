using System.CommandLine;
using System.CommandLine.Completions;

namespace Border0.PdSidecar.Commands.Completion;

/// <summary>Tells what can be typed next, from the commands as they are: there is no second list of them. Asks no sidecar.</summary>
internal static class Completer
{
    private static readonly Completions Nothing = new([], CompletionKind.None);

    /// <summary>Completes.</summary>
    /// <param name="root">The commands.</param>
    /// <param name="words">What is typed after the program's name; the last word is the one that is being typed, and may be empty.</param>
    public static Completions Complete(Command root, IReadOnlyList<string> words)
    {
        var (command, arguments) = (root, 0);
        Option? open = null;
        var onlyArguments = false;
        HashSet<Option> given = [];
        foreach (var word in words.Take(words.Count - 1))
        {
            if (open is not null)
            {
                // Bash takes "--option=value" for three words.
                open = word == "=" ? open : null;
            }
            else if (word == "--")
            {
                onlyArguments = true;
            }
            else if (!onlyArguments && word.StartsWith('-'))
            {
                var option = Find(command, word.Split('=')[0]);
                _ = option is not null && given.Add(option);
                open = option is not null && TakesValue(option) && !word.Contains('=', StringComparison.Ordinal) ? option : null;
            }
            else if (command.Subcommands.FirstOrDefault(c => c.Name == word) is { } sub)
            {
                command = sub;
            }
            else
            {
                arguments++;
            }
        }

        var typed = words.Count > 0 && words[^1] != "=" ? words[^1] : "";
        if (open is not null)
        {
            return OfValue(open, open.HelpName, typed);
        }

        if (!onlyArguments && typed.StartsWith('-'))
        {
            return typed.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals && Find(command, typed[..equals]) is { } option
                ? Prefixed(OfValue(option, option.HelpName, typed[(equals + 1)..]), typed[..(equals + 1)])
                : Starting(typed, Options(command).Where(o => !given.Contains(o) || o.Arity.MaximumNumberOfValues > 1).Select(o => (o.Name, First(o.Description))), CompletionKind.None);
        }

        return command.Subcommands.Count > 0
            ? Starting(typed, command.Subcommands.Where(c => !c.Hidden).Select(c => (c.Name, First(c.Description))), CompletionKind.None)
            : command.Arguments.Count == 0 ? Nothing
            : OfValue(command.Arguments[Math.Min(arguments, command.Arguments.Count - 1)], command.Arguments[Math.Min(arguments, command.Arguments.Count - 1)].Name, typed);
    }

    private static Completions OfValue(Symbol symbol, string? helpName, string typed) => Starting(
        typed,
        symbol.GetCompletions(CompletionContext.Empty).Select(c => (c.Label, "")),
        helpName switch { "FILE" or "PATH" => CompletionKind.Files, "DIR" => CompletionKind.Folders, _ => CompletionKind.None });

    private static Completions Prefixed(Completions found, string prefix) => found with { Words = [.. found.Words.Select(w => (prefix + w.Word, w.About))] };

    private static Completions Starting(string typed, IEnumerable<(string Word, string About)> words, CompletionKind kind) =>
        new([.. words.Where(w => w.Word.StartsWith(typed, StringComparison.Ordinal)).OrderBy(w => w.Word, StringComparer.Ordinal)], kind);

    private static IEnumerable<Option> Options(Command command) =>
        command.Options.Concat(command.Parents.OfType<Command>().SelectMany(Above)).Where(o => !o.Hidden);

    private static IEnumerable<Option> Above(Command command) =>
        command.Options.Where(o => o.Recursive).Concat(command.Parents.OfType<Command>().SelectMany(Above));

    private static Option? Find(Command command, string name) => Options(command).FirstOrDefault(o => o.Name == name || o.Aliases.Contains(name));

    private static bool TakesValue(Option option) => option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool);

    /// <summary>The first sentence: a shell shows it beside the word.</summary>
    private static string First(string? description)
    {
        var line = (description ?? "").Split('\n')[0];
        var end = line.IndexOf(". ", StringComparison.Ordinal);
        return (end > 0 ? line[..end] : line).TrimEnd('.');
    }
}
