using System.Globalization;
using Spectre.Console;

namespace Border0.PdSidecar.Demo;

/// <summary>The demo's one screen: a time stamp, a mark, a line, and below it what the sidecar itself says.</summary>
internal sealed class DemoScreen(IAnsiConsole console, TimeProvider time)
{
    private const int Indent = 18;
    private readonly List<(string Step, bool IsAsItShouldBe)> _steps = [];

    public bool AllWell => _steps.All(s => s.IsAsItShouldBe);

    public void Title(string text)
    {
        console.WriteLine();
        console.Write(new Rule($"[bold]{text.EscapeMarkup()}[/]") { Justification = Justify.Left });
    }

    public void Plain(string text) => Write("", "grey", text, "");

    /// <summary>Something that happens in PagerDuty.</summary>
    public void PagerDuty(string text) => Write("PagerDuty", "yellow", text, "");

    /// <summary>Something that the administrator does.</summary>
    public void Admin(string text) => Write("admin", "blue", text, "");

    /// <summary>Something that the sidecar says.</summary>
    public void Sidecar(string text, string says = "") => Write("sidecar", "magenta", text, says);

    /// <summary>A step that is as it should be or not; the demo ends on the first that is not.</summary>
    public void Step(string step, bool isAsItShouldBe, string expected, string seen, string says = "")
    {
        _steps.Add((step, isAsItShouldBe));
        Write(isAsItShouldBe ? "✔" : "✘", isAsItShouldBe ? "green" : "red", step, says);
        if (!isAsItShouldBe)
        {
            throw new DemoFailedException($"step \"{step}\": expected: {expected}; seen: {seen}");
        }
    }

    public void Summary()
    {
        Title("Summary");
        foreach (var (step, well) in _steps)
        {
            console.MarkupLine($"  {(well ? "[green]✔[/]" : "[red]✘[/]")} {step.EscapeMarkup()}");
        }
    }

    public void Failure(string message)
    {
        console.WriteLine();
        Write("✘", "red", $"The demo did not go as it should. {message}", "");
    }

    /// <summary>Something to copy: never wrapped.</summary>
    public void Verbatim(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            console.Profile.Out.Writer.WriteLine(line);
        }
    }

    private void Write(string who, string colour, string text, string says)
    {
        var stamp = time.GetLocalNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var mark = who.Length == 1 ? $"  {who}  " : "     ";
        var label = who.Length > 1 ? $"{who}: " : "";
        Lines(label + text, (line, first) => console.MarkupLine(first
            ? $"[grey]{stamp}[/] [{colour}]{mark}{line.EscapeMarkup()}[/]"
            : $"{new string(' ', Indent)}[{colour}]{line.EscapeMarkup()}[/]"));
        if (says.Length > 0)
        {
            Lines($"“{says}”", (line, _) => console.MarkupLine($"{new string(' ', Indent)}[italic grey]{line.EscapeMarkup()}[/]"));
        }
    }

    private void Lines(string text, Action<string, bool> write)
    {
        var width = Math.Clamp(console.Profile.Width, 60, 110) - Indent - 1;
        var line = "";
        var first = true;
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                write(line, first);
                (line, first) = ("", false);
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        write(line, first);
    }
}

/// <summary>A step of the demo is not as it should be.</summary>
internal sealed class DemoFailedException(string message) : Exception(message);
