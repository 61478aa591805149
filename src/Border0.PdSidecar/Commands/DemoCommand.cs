using System.CommandLine;

namespace Border0.PdSidecar.Commands;

/// <summary>`pdsidecar demo`.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var command = new Command("demo", "x");
        return command;
    }
}
