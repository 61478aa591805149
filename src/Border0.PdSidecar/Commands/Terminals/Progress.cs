using System.Globalization;

namespace Border0.PdSidecar.Commands.Terminals;

/// <summary>Says that something goes on, to a person only, and takes it back when it has ended.</summary>
internal static class Progress
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    /// <summary>Waits for the work; from half a second on with a line on standard error, where that is a terminal.</summary>
    public static async Task<T> WhileAsync<T>(Terminal terminal, string what, Task<T> work)
    {
        if (!terminal.ErrorIsTerminal || terminal.Variable("TERM") == "dumb")
        {
            return await work;
        }

        var began = terminal.Time.GetTimestamp();
        using var ticks = new PeriodicTimer(Every, terminal.Time);
        var shown = false;
        while (true)
        {
            var tick = ticks.WaitForNextTickAsync().AsTask();
            if (await Task.WhenAny(work, tick) == work)
            {
                break;
            }

            shown = true;
            await terminal.Error.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"\r\e[K{TerminalText.Shown(what)} … {terminal.Time.GetElapsedTime(began).TotalSeconds:0.0} s"));
        }

        if (shown)
        {
            await terminal.Error.WriteAsync("\r\e[K");
        }

        return await work;
    }
}
