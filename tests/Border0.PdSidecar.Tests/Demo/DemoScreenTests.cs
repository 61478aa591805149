using Border0.PdSidecar.Demo;
using Microsoft.Extensions.Time.Testing;
using Spectre.Console;

namespace Border0.PdSidecar.Tests.Demo;

/// <summary>What the demo looks like, and how it says that something is wrong.</summary>
public sealed class DemoScreenTests : IDisposable
{
    private const string Sentence =
        "alice@example.com is not on call for escalation policy Payments (PB16Z20) [level 1]; on call now: bob@example.com until 18:00Z. Facts are 3 s old.";

    private readonly StringWriter _written = new();

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(200)]
    public void Lines_KeepToTheWidth_AndLoseNothing(int width)
    {
        Screen(width).Step("Alice connects to payments-bastion once more: denied", true, "denied", "denied", Sentence);

        var lines = _written.ToString().Split('\n');
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
        Assert.StartsWith("12:34:56.789   ✔  Alice connects", lines[0], StringComparison.Ordinal);
        Assert.Contains("“" + Sentence + "”", Unwrapped(), StringComparison.Ordinal);
    }

    [Fact]
    public void NotATerminal_IsWrittenWithoutColours()
    {
        Screen(80).PagerDuty("incident #1 is resolved");

        Assert.DoesNotContain('\e', _written.ToString());
        Assert.Contains("PagerDuty: incident #1 is resolved", _written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void StepThatIsNotAsItShouldBe_SaysWhichAndWhat_AndEndsTheDemo()
    {
        var screen = Screen(80);
        screen.Step("Bytes flow", true, "echo", "echo");

        var failed = Assert.Throws<DemoFailedException>(() => screen.Step("Bob connects: allowed", false, "welcome", "denied"));
        screen.Failure(failed.Message);

        Assert.False(screen.AllWell);
        Assert.Contains("✘  Bob connects: allowed", _written.ToString(), StringComparison.Ordinal);
        Assert.Contains("step \"Bob connects: allowed\": expected: welcome; seen: denied", Unwrapped(), StringComparison.Ordinal);
    }

    [Fact]
    public void Summary_ListsEveryStep()
    {
        var screen = Screen(80);
        screen.Step("one", true, "", "");
        screen.Step("two", true, "", "");

        screen.Summary();

        Assert.True(screen.AllWell);
        Assert.EndsWith("  ✔ one\n  ✔ two\n", _written.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => _written.Dispose();

    private DemoScreen Screen(int width)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(_written),
        });
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = true;
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 34, 56, 789, TimeSpan.Zero));
        time.SetLocalTimeZone(TimeZoneInfo.Utc);
        return new DemoScreen(console, time);
    }

    private string Unwrapped() => string.Join(' ', _written.ToString().Split((char[])['\n', ' '], StringSplitOptions.RemoveEmptyEntries));
}
