using System.Globalization;

namespace Border0.PdSidecar.Load.Servers;

/// <summary>What the kernel says about a process.</summary>
internal static class ProcessFigures
{
    // USER_HZ, which the kernel promises to programs on every architecture that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>User and system time so far, in microseconds.</summary>
    public static double CpuMicroseconds(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        // The name, in brackets, may hold spaces; the third field follows it.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) * 1e6 / TicksPerSecond;
    }

    /// <summary>Resident memory, in megabytes (2^20 bytes).</summary>
    public static double ResidentMegabytes(int process) => Kilobytes(process, "VmRSS:") / 1024;

    private static double Kilobytes(int process, string name) => double.Parse(
        File.ReadLines($"/proc/{process}/status").Single(l => l.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}
