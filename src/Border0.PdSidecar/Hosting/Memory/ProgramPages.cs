using System.Globalization;
using System.Runtime.InteropServices;

namespace Border0.PdSidecar.Hosting.Memory;

/// <summary>
/// The pages of the program's own files. A start touches most of them, and each is resident from then on, though hardly any is needed again
/// for hours: who counts a sidecar's memory counts them too.
/// </summary>
internal static partial class ProgramPages
{
    private const string Maps = "/proc/self/smaps";
    private const int DontNeed = 4;

    /// <summary>
    /// Lets go of the pages that are mapped from files, cannot be written and never were: what is needed of them comes back from the
    /// system's page cache at the next touch. Does nothing where the system does not tell of them.
    /// </summary>
    /// <returns>How many bytes of address space that were.</returns>
    public static long GiveBack()
    {
        if (!File.Exists(Maps))
        {
            return 0;
        }

        var mapped = 0L;
        (nint From, nint To)? mapping = null;
        foreach (var line in File.ReadLines(Maps))
        {
            if (line.Contains('/', StringComparison.Ordinal))
            {
                mapping = Unwritable(line);
            }
            else if (mapping is var (from, to) && line.StartsWith("Anonymous:", StringComparison.Ordinal))
            {
                // With pages of its own it was written once, as what the loader relocates is: those are nowhere else.
                if (line.AsSpan("Anonymous:".Length).Trim().SequenceEqual("0 kB") && Advise(from, (nuint)(to - from), DontNeed) == 0)
                {
                    mapped += to - from;
                }

                mapping = null;
            }
        }

        return mapped;
    }

    /// <summary>The mapping that a line begins to tell of ("5592e000-5593a000 r-xp 00001000 fe:00 42 /usr/bin/x"), where it is of a file and cannot be written.</summary>
    private static (nint From, nint To)? Unwritable(string line)
    {
        var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return fields is [var range, ['r', '-', _, 'p'], _, _, _, ['/', ..]]
            && range.Split('-') is [var from, var to]
            && nint.TryParse(from, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var first)
            && nint.TryParse(to, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var end)
            ? (first, end)
            : null;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
