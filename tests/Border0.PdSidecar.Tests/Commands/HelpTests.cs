using System.CommandLine;
using Border0.PdSidecar.Commands;
using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.Tests.Commands;

/// <summary>Every command says what it does, how it ends, and how it is called.</summary>
public class HelpTests
{
    /// <summary>They go on until they are stopped, or print what is a script already.</summary>
    private static readonly string[] WithoutJson = ["serve", "demo", "completion", "help"];

    [Fact]
    public void EveryCommand_HasAnExample_ThatIsUnderstood()
    {
        var root = CommandTree.Create(ToolRun.Terminal());
        foreach (var command in All(root))
        {
            var examples = (command.Description ?? "").Split("\nExample:\n").Skip(1).SelectMany(e => e.Split('\n')).Where(l => l.StartsWith("  ", StringComparison.Ordinal)).Select(l => l.Trim()).ToList();
            Assert.True(examples.Exists(e => e.Contains("pdsidecar " + PathOf(command), StringComparison.Ordinal)), $"{PathOf(command)} has no example");
            foreach (var words in examples.Where(e => e.StartsWith("pdsidecar", StringComparison.Ordinal)).Select(Words))
            {
                Assert.True(root.Parse(words).Errors.Count == 0, $"{string.Join(' ', words)}: {string.Join("; ", root.Parse(words).Errors.Select(e => e.Message))}");
            }
        }
    }

    [Fact]
    public void EveryCommand_SaysItsExitCodes_AndItsOptions()
    {
        foreach (var command in All(CommandTree.Create(ToolRun.Terminal())).Where(c => c.Subcommands.Count == 0))
        {
            Assert.True(command.Description!.Contains("Exit codes: 0", StringComparison.Ordinal), PathOf(command));
            Assert.All(command.Options.Where(o => !o.Hidden), o => Assert.True(o.Description?.Length > 0 && (o.ValueType == typeof(bool) || o.HelpName?.Length > 0 || o is { Arity.MaximumNumberOfValues: 0 }), $"{PathOf(command)} {o.Name}"));
            Assert.All(command.Arguments, a => Assert.True(a.Description?.Length > 0, $"{PathOf(command)} {a.Name}"));
            Assert.True(WithoutJson.Contains(command.Name) || command.Options.Any(o => o.Name == "--json"), $"{PathOf(command)} has no --json");
        }
    }

    [Fact]
    public async Task ExitCodes_AreATopic()
    {
        var help = await ToolRun.OfAsync("help", "exit-codes");
        Assert.Equal(0, help.Code);
        Assert.All(ExitCodes.All, c => Assert.Contains($"\n  {c.Code,-4}{c.Meaning}\n", help.Output, StringComparison.Ordinal));
        Assert.Contains("PDSIDECAR_TOKEN", (await ToolRun.OfAsync("help", "environment")).Output, StringComparison.Ordinal);
        Assert.Equal((await ToolRun.OfAsync("policies", "list", "--help")).Output, (await ToolRun.OfAsync("help", "policies", "list")).Output);
        Assert.Equal(2, (await ToolRun.OfAsync("help", "frob")).Code);
    }

    [Fact]
    public void Serve_HasEveryOption() =>
        Assert.Equal(
            OptionKeys.All.Select(k => k.Argument).Order(StringComparer.Ordinal),
            CommandTree.Create(ToolRun.Terminal()).Subcommands.Single(c => c.Name == "serve").Options.Select(o => o.Name).Where(o => o != "--config").Order(StringComparer.Ordinal));

    public static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    public static string PathOf(Command command) =>
        string.Join(' ', command.Parents.OfType<Command>().Where(p => p is not RootCommand).Select(PathOf).Append(command is RootCommand ? "" : command.Name)).Trim();

    /// <summary>The words of one command of a line, up to a pipe or a redirection.</summary>
    private static string[] Words(string line)
    {
        var words = System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(line.Replace('\'', '"')).Skip(1);
        return [.. words.TakeWhile(w => w is not ("|" or "<" or ">"))];
    }
}
