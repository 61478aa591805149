using System.Text;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>Standard output, which the process's own log messages may go to too: through the console's writer, so that lines stay whole.</summary>
internal sealed class StandardOutput : IRecordSink
{
    public string Name => "standard output";

    public void Write(ReadOnlySpan<byte> lines)
    {
        Console.Out.Write(Encoding.UTF8.GetString(lines));
        Console.Out.Flush();
    }

    public void Dispose()
    {
        // It is the process's.
    }
}
