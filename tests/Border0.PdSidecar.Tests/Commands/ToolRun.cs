using Border0.PdSidecar.Commands;
using Border0.PdSidecar.Commands.Terminals;

namespace Border0.PdSidecar.Tests.Commands;

/// <summary>One run of the command line in this process.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Errors">Standard error.</param>
internal sealed record ToolRun(int Code, string Output, string Errors)
{
    public static Task<ToolRun> OfAsync(params string[] arguments) => OfAsync("", [], arguments);

    public static async Task<ToolRun> OfAsync(string input, Dictionary<string, string> environment, params string[] arguments)
    {
        var terminal = Terminal(input, environment);
        var code = await CommandTree.RunAsync(terminal, arguments);
        return new ToolRun(code, terminal.Out.ToString()!, terminal.Error.ToString()!);
    }

    public static Terminal Terminal(string input = "", Dictionary<string, string>? environment = null, bool isTerminal = false, Func<ConsoleKeyInfo>? readKey = null) => new()
    {
        Out = new StringWriter(),
        Error = new StringWriter(),
        In = new StringReader(input),
        OutIsTerminal = isTerminal,
        ErrorIsTerminal = isTerminal,
        InIsTerminal = isTerminal,
        ReadKey = readKey ?? (() => throw new InvalidOperationException("nobody types")),
        Variable = name => environment?.GetValueOrDefault(name),
    };
}
