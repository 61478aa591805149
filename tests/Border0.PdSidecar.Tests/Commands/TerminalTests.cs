using Border0.PdSidecar.Commands;
using Border0.PdSidecar.Commands.Terminals;

namespace Border0.PdSidecar.Tests.Commands;

/// <summary>What reaches a person's terminal, and what is read from it.</summary>
public class TerminalTests
{
    [Theory]
    [InlineData("plain – ünïcödé 日本", "plain – ünïcödé 日本")]
    [InlineData("\u001b[31mred\u001b[0m", "\\u001b[31mred\\u001b[0m")]
    [InlineData("two\nlines\r\tand\0", "two\\nlines\\r\\tand\\u0000")]
    [InlineData("\u009b2J", "\\u009b2J")]
    [InlineData("safe\u202etxt.exe", "safe\\u202etxt.exe")]
    [InlineData("a\u2028b\u200bc\u2066d", "a\\u2028b\\u200bc\\u2066d")]
    [InlineData("tag\U000e0041", "tag\\U000e0041")]
    [InlineData("👩‍💻", "👩‍💻")]
    public void Text_OfOthers_LosesWhatATerminalObeys(string text, string shown) => Assert.Equal(shown, TerminalText.Shown(text));

    [Fact]
    public void Text_WithHalfACharacter_IsShownAsNumbers() => Assert.Equal("a\\ud800b", TerminalText.Shown("a\ud800b"));

    [Fact]
    public void Table_AlignsWideCharacters_AndCutsNothing()
    {
        var terminal = ToolRun.Terminal();
        var wide = new string('x', 300);

        new TextTable("NAME", "WHAT", "END").Add("日本語", "", "1").Add("ab", wide, "2").Write(terminal);

        var lines = terminal.Out.ToString()!.TrimEnd().Split('\n');
        Assert.Equal("NAME    WHAT" + new string(' ', 298) + "END", lines[0]);
        Assert.Equal("日本語  -" + new string(' ', 301) + "1", lines[1]);
        Assert.Equal("ab      " + wide + "  2", lines[2]);
    }

    [Fact]
    public void Table_WithoutRows_SaysSo()
    {
        var terminal = ToolRun.Terminal();
        new TextTable("NAME").Write(terminal);
        Assert.Equal("none\n", terminal.Out.ToString());
    }

    [Fact]
    public void Table_EscapesItsCells()
    {
        var terminal = ToolRun.Terminal();
        new TextTable().Add("k", "\u001b]0;title\u0007").Write(terminal);
        Assert.Equal("k  \\u001b]0;title\\u0007\n", terminal.Out.ToString());
    }

    [Theory]
    [InlineData(true, null, null, true)]
    [InlineData(false, null, null, false)]
    [InlineData(true, "1", null, false)]
    [InlineData(true, "", null, true)]
    [InlineData(true, null, "dumb", false)]
    public void Colours_AreForTerminalsThatWantThem(bool isTerminal, string? noColor, string? term, bool coloured)
    {
        var environment = new Dictionary<string, string>();
        if (noColor is not null)
        {
            environment["NO_COLOR"] = noColor;
        }

        if (term is not null)
        {
            environment["TERM"] = term;
        }

        var painted = ToolRun.Terminal(environment: environment, isTerminal: isTerminal).Painted("yes", Tone.Good);

        Assert.Equal(coloured ? "\u001b[32myes\u001b[0m" : "yes", painted);
    }

    [Fact]
    public void Secret_ThatIsTyped_IsNotShown()
    {
        var keys = new Queue<char>("keyx\b1\r");
        var terminal = ToolRun.Terminal(isTerminal: true, readKey: () =>
            keys.Dequeue() is var key && key == '\b' ? new ConsoleKeyInfo('\b', ConsoleKey.Backspace, false, false, false)
            : new ConsoleKeyInfo(key, key == '\r' ? ConsoleKey.Enter : ConsoleKey.A, false, false, false));

        Assert.Equal("key1", SecretInput.Read(terminal, "--api-key-file", "-", "PagerDuty API key"));
        Assert.Equal("PagerDuty API key (not shown): \n", terminal.Error.ToString());
        Assert.Empty(terminal.Out.ToString()!);
    }

    [Fact]
    public void Secret_ThatIsPiped_IsTrimmed_AndAnEmptyOneRefused()
    {
        Assert.Equal("k", SecretInput.Read(ToolRun.Terminal(" k\n"), "--api-key-file", "-", "key"));
        Assert.Equal(ExitCodes.Wrong, Assert.Throws<CommandException>(() => SecretInput.Read(ToolRun.Terminal("\n"), "--api-key-file", "-", "key")).ExitCode);
        Assert.Contains("/no/such", Assert.Throws<CommandException>(() => SecretInput.Read(ToolRun.Terminal(), "--api-key-file", "/no/such", "key")).Message, StringComparison.Ordinal);
        Assert.Throws<CommandException>(() => SecretInput.Read(ToolRun.Terminal(new string('x', 70_000)), "--api-key-file", "-", "key"));
    }

    [Fact]
    public async Task Progress_IsForTerminalsOnly_AndTakenBack()
    {
        var piped = ToolRun.Terminal();
        Assert.Equal(1, await Progress.WhileAsync(piped, "working", Task.FromResult(1)));
        Assert.Empty(piped.Error.ToString()!);

        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var written = new StringWriter();
        var person = new Terminal { Out = new StringWriter(), Error = written, In = TextReader.Null, ErrorIsTerminal = true, Variable = _ => null, Time = clock };
        var work = new TaskCompletionSource<int>();
        var waiting = Progress.WhileAsync(person, "working", work.Task);
        clock.Advance(TimeSpan.FromMilliseconds(500));
        await Eventually.SeesAsync(() => written.ToString().Contains("working … 0.5 s", StringComparison.Ordinal) ? "shown" : null, "the line", TimeSpan.FromSeconds(60));
        work.SetResult(2);
        Assert.Equal(2, await waiting);
        Assert.EndsWith("\r\u001b[K", written.ToString(), StringComparison.Ordinal);
    }
}
