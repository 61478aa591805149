using System.CommandLine;
using Border0.PdSidecar.Client;
using Border0.PdSidecar.Commands.Terminals;
using Grpc.Core;

namespace Border0.PdSidecar.Commands.Remote;

/// <summary>Makes the commands that ask a running sidecar.</summary>
/// <param name="terminal">What they read from and write to.</param>
/// <param name="options">The options that they share.</param>
internal sealed class RemoteCommand(Terminal terminal, RemoteOptions options)
{
    private const string Codes = "Exit codes: 0 done, 2 not acceptable, 3 not reached, 4 not allowed, 5 not found, 6 conflict, 7 a limit, 1 anything else.";

    /// <summary>Makes one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does.</param>
    /// <param name="examples">Command lines, one a line.</param>
    /// <param name="symbols">Its own arguments and options.</param>
    /// <param name="run">What it does; returns the exit code.</param>
    /// <param name="codes">Its exit codes, where they are others than most commands have.</param>
    public Command Create(string name, string description, string examples, IEnumerable<Symbol> symbols, Func<RemoteCall, Task<int>> run, string codes = Codes)
    {
        var command = new Command(name, $"{description}\n\n{codes}\n\n{Examples(examples)}");
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Arguments.Add(argument);
            }
            else
            {
                command.Options.Add((Option)symbol);
            }
        }

        options.AddTo(command);
        command.SetAction((parsed, cancellation) => GuardedAsync(parsed, run, cancellation));
        return command;
    }

    /// <summary>Makes a command that only has others below it.</summary>
    public static Command Group(string name, string description, string examples, params ReadOnlySpan<Command> below)
    {
        var group = new Command(name, $"{description}\n\n{Examples(examples)}");
        foreach (var command in below)
        {
            group.Subcommands.Add(command);
        }

        return group;
    }

    private static string Examples(string examples) => $"Example:\n{string.Join('\n', examples.Split('\n').Select(e => "  " + e))}";

    private async Task<int> GuardedAsync(ParseResult parsed, Func<RemoteCall, Task<int>> run, CancellationToken cancellation)
    {
        SidecarConnection? connection = null;
        try
        {
            var timeout = options.Timeout(parsed);
            connection = options.Connect(parsed, terminal);
            return await run(new RemoteCall(parsed, terminal, connection, options.Organization(parsed), options.IsJson(parsed), timeout, cancellation));
        }
        catch (CommandException e)
        {
            terminal.Complain(e.Message);
            return e.ExitCode;
        }
        catch (Exception e) when (cancellation.IsCancellationRequested && e is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            return ExitCodes.Interrupted;
        }
        catch (RpcException e)
        {
            return CallFailures.Tell(terminal, e, connection!.Address);
        }
        finally
        {
            connection?.Dispose();
        }
    }
}
