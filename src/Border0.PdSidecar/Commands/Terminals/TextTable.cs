namespace Border0.PdSidecar.Commands.Terminals;

/// <summary>Rows and columns for people. Nothing is cut: a row that is wider than the terminal wraps.</summary>
/// <param name="headers">The columns' names; none for a list of names and values.</param>
internal sealed class TextTable(params string[] headers)
{
    private readonly List<Cell[]> _rows = [];

    /// <summary>How many rows there are.</summary>
    public int Count => _rows.Count;

    /// <summary>Adds a row. What is in it may be of others: it is escaped when written.</summary>
    public TextTable Add(params Cell[] cells)
    {
        _rows.Add(cells);
        return this;
    }

    /// <summary>Adds a row unless its value is empty.</summary>
    public TextTable AddUnlessEmpty(string name, Cell value) => value.Text.Length > 0 ? Add(name, value) : this;

    /// <summary>Writes it; "none" when there are no rows.</summary>
    public void Write(Terminal terminal)
    {
        if (_rows.Count == 0)
        {
            terminal.Out.WriteLine("none");
            return;
        }

        var rows = _rows.Select(r => r.Select(c => c with { Text = c.Text.Length > 0 ? TerminalText.Shown(c.Text) : "-" }).ToArray()).ToList();
        if (headers.Length > 0)
        {
            rows.Insert(0, [.. headers.Select(h => new Cell(h))]);
        }

        var widths = Enumerable.Range(0, rows.Max(r => r.Length)).Select(column => rows.Max(r => column < r.Length ? TerminalText.Width(r[column].Text) : 0)).ToList();
        foreach (var row in rows)
        {
            terminal.Out.WriteLine(string.Join("  ", row.Select((cell, column) => cell.Painted(terminal, column == row.Length - 1 ? 0 : widths[column]))));
        }
    }
}
