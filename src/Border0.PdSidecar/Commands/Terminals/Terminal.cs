using System.Text;

namespace Border0.PdSidecar.Commands.Terminals;

/// <summary>What a command reads from and writes to: the process's own, or a test's.</summary>
internal sealed class Terminal
{
    private const string Reset = "\e[0m";

    /// <summary>Where answers go.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Where everything else goes: errors, hints, progress.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>What is typed or piped.</summary>
    public required TextReader In { get; init; }

    /// <summary>Whether a person reads <see cref="Out"/>.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Whether a person reads <see cref="Error"/>.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Whether a person types <see cref="In"/>.</summary>
    public bool InIsTerminal { get; init; }

    /// <summary>Reads one key without showing it.</summary>
    public Func<ConsoleKeyInfo> ReadKey { get; init; } = static () => Console.ReadKey(intercept: true);

    /// <summary>The environment.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether <see cref="Out"/> may be coloured: by a person's terminal only, and not with NO_COLOR (no-color.org) or TERM=dumb.</summary>
    public bool Colours => OutIsTerminal && string.IsNullOrEmpty(Variable("NO_COLOR")) && Variable("TERM") != "dumb";

    /// <summary>The process's own.</summary>
    public static Terminal OfProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        In = new LateInput(),
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        InIsTerminal = !Console.IsInputRedirected,
    };

    /// <summary>The text in its tone's colour, where there are colours.</summary>
    public string Painted(string text, Tone tone) => Colours && ColourOf(tone) is { } colour ? colour + text + Reset : text;

    /// <summary>Says what went wrong.</summary>
    public void Complain(string text) => Error.WriteLine($"pdsidecar: {TerminalText.Shown(text)}");

    /// <summary>Says what to do about it.</summary>
    public void Hint(string text) => Error.WriteLine($"hint: {TerminalText.Shown(text)}");

    private static string? ColourOf(Tone tone) => tone switch
    {
        Tone.Good => "\e[32m",
        Tone.Bad => "\e[31m",
        Tone.Notable => "\e[33m",
        Tone.Quiet => "\e[90m",
        _ => null,
    };

    /// <summary>Standard input, not touched before it is read: opening it would change the terminal's settings.</summary>
    private sealed class LateInput : TextReader
    {
        private TextReader? _reader;

        private TextReader Reader => _reader ??= new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));

        public override int Peek() => Reader.Peek();

        public override int Read() => Reader.Read();

        public override int Read(char[] buffer, int index, int count) => Reader.Read(buffer, index, count);
    }
}
