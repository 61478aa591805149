using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Border0.PdSidecar.Commands.Apply;
using Border0.PdSidecar.Commands.Completion;
using Border0.PdSidecar.Commands.Integrations;
using Border0.PdSidecar.Commands.Policies;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Sessions;
using Border0.PdSidecar.Commands.Storage;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.Demo;

namespace Border0.PdSidecar.Commands;

/// <summary>Every command of `pdsidecar`.</summary>
internal static class CommandTree
{
    // What a person writes may begin with "@", which is no file of arguments here.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    private const string About = "Border0's PagerDuty sidecar: lets people in while they are on call or an incident is open, and out again when not.";

    /// <summary>Makes the tree.</summary>
    public static RootCommand Create(Terminal terminal)
    {
        var remote = new RemoteCommand(terminal, new RemoteOptions());
        return new RootCommand(
            $"""
            {About}

            Exit codes:
            {HelpCommand.ExitCodesText()}

            Example:
              pdsidecar demo
              pdsidecar serve --data /var/lib/pdsidecar
              pdsidecar integrations create acme-pagerduty < key.txt
              pdsidecar apply -f policies/ --dry-run
            """)
        {
            ServeCommand.Create(),
            DemoCommand.Create(),
            IntegrationsCommand.Create(remote),
            PoliciesCommand.Create(remote),
            ApplyCommand.Create(remote),
            SessionsCommand.Create(remote),
            EvaluateCommand.Create(remote),
            TestCommand.Create(remote),
            WhoCommand.Create(remote),
            WatchCommand.Create(remote),
            CheckCommand.Create(terminal),
            HealthCommand.Create(terminal),
            TokenCommand.Create(terminal),
            KeysCommand.Create(terminal),
            StorageCommand.Create(terminal),
            SimulatorCommand.Create(terminal),
            CompletionCommand.Create(terminal),
            HelpCommand.Create(terminal, words => RunAsync(terminal, words)),
        };
    }

    /// <summary>Runs a command line and returns the exit code.</summary>
    public static async Task<int> RunAsync(Terminal terminal, IReadOnlyList<string> arguments, CancellationToken cancellation = default)
    {
        // A server stays: what its start has touched stays resident with it, and the other commands are none of its business.
        var root = arguments is ["serve", ..] ? new RootCommand(About) { ServeCommand.Create() } : Create(terminal);
        if (arguments is [CompletionCommand.Asked, ..])
        {
            return CompletionCommand.Answer(terminal, root, [.. arguments.Skip(1)]);
        }

        var parsed = root.Parse(arguments, Parsing);
        if (parsed.Action is not ParseErrorAction wrong)
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error }, cancellation);
        }

        // What is wrong would be far above, with the help below it.
        wrong.ShowHelp = false;
        await parsed.InvokeAsync(new InvocationConfiguration { Output = terminal.Error, Error = terminal.Error }, cancellation);
        terminal.Hint($"{Path(parsed.CommandResult)} --help");
        return ExitCodes.Wrong;
    }

    private static string Path(CommandResult result) => result.Parent is CommandResult parent ? $"{Path(parent)} {result.Command.Name}" : "pdsidecar";
}
