using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Storage;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>The sinks that the options ask for.</summary>
internal static class DecisionSinks
{
    /// <summary>Makes them; none when the log is off.</summary>
    public static IReadOnlyList<IRecordSink> Of(SidecarOptions options, DataDirectory directory)
    {
        var sinks = new List<IRecordSink>(2);
        if (options.DecisionLog.HasFlag(DecisionLogTargets.File))
        {
            var path = options.DecisionLogFile.Length > 0 ? Path.GetFullPath(options.DecisionLogFile) : directory.File("decisions.jsonl");
            sinks.Add(new RotatingFile(path, options.DecisionLogSize, options.DecisionLogFiles));
        }

        if (options.DecisionLog.HasFlag(DecisionLogTargets.Stdout))
        {
            sinks.Add(new StandardOutput());
        }

        return sinks;
    }
}
