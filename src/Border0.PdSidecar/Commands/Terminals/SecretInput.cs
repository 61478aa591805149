using System.Text;

namespace Border0.PdSidecar.Commands.Terminals;

/// <summary>Reads what must not stand among arguments, where every user of the machine can see it.</summary>
internal static class SecretInput
{
    private const int Longest = 64 * 1024;

    /// <summary>Reads a file, or standard input for "-": typed without being shown, when that is a terminal.</summary>
    /// <param name="terminal">Where to read.</param>
    /// <param name="option">The option that named it, for errors.</param>
    /// <param name="file">The file, or "-".</param>
    /// <param name="prompt">What to ask a person for.</param>
    /// <exception cref="CommandException">It cannot be read, or is empty.</exception>
    public static string Read(Terminal terminal, string option, string file, string prompt)
    {
        var text = file == "-" && terminal.InIsTerminal ? Typed(terminal, prompt) : file == "-" ? Piped(terminal, option) : OfFile(option, file);
        return text.Trim() is { Length: > 0 } secret ? secret : throw CommandException.Wrong($"{option}: {(file == "-" ? "standard input" : file)} is empty");
    }

    private static string OfFile(string option, string file)
    {
        try
        {
            using var stream = File.OpenRead(file);
            return Bounded(new StreamReader(stream), option);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CommandException.Wrong($"{option}: cannot be read: {e.Message}");
        }
    }

    private static string Piped(Terminal terminal, string option) => Bounded(terminal.In, option);

    private static string Bounded(TextReader reader, string option)
    {
        var buffer = new char[Longest + 1];
        var read = reader.ReadBlock(buffer);
        return read <= Longest ? new string(buffer, 0, read) : throw CommandException.Wrong($"{option}: is longer than {Longest} characters");
    }

    private static string Typed(Terminal terminal, string prompt)
    {
        terminal.Error.Write($"{prompt} (not shown): ");
        terminal.Error.Flush();
        var text = new StringBuilder();
        while (text.Length < Longest)
        {
            var key = terminal.ReadKey();
            if (key.Key == ConsoleKey.Enter || key.KeyChar is '\n' or '\r' or '\x04')
            {
                break;
            }

            if (key.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(0, text.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                text.Append(key.KeyChar);
            }
        }

        terminal.Error.WriteLine();
        return text.ToString();
    }
}
