using System.Runtime.InteropServices;

namespace Border0.PdSidecar.Hosting;

/// <summary>A crash writes no core dump: it would hold the API keys, webhook secrets and storage keys that are in memory.</summary>
internal static partial class CoreDumps
{
    /// <summary>RLIMIT_CORE, the same on Linux and macOS.</summary>
    private const int CoreSize = 4;

    /// <summary>From now on, for this process. Whoever wants one anyway raises the limit afterwards (prlimit).</summary>
    public static void Forbid()
    {
        if (GetLimit(CoreSize, out var limit) == 0)
        {
            limit.Soft = 0;
            _ = SetLimit(CoreSize, in limit);
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
