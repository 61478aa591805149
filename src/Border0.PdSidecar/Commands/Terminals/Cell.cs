namespace Border0.PdSidecar.Commands.Terminals;

/// <summary>A text in a table, and what it says to somebody who only looks at colours.</summary>
/// <param name="Text">The text; an empty one is shown as "-".</param>
/// <param name="Tone">How to paint it.</param>
internal readonly record struct Cell(string Text, Tone Tone = Tone.Plain)
{
    public static implicit operator Cell(string text) => new(text);

    /// <summary>Painted, and padded to a width: what is painted has no width of its own.</summary>
    public string Painted(Terminal terminal, int width)
    {
        var padding = new string(' ', Math.Max(0, width - TerminalText.Width(Text)));
        return terminal.Painted(Text, Tone) + padding;
    }
}
