namespace Border0.PdSidecar.Commands;

/// <summary>A command cannot go on: what to say, and what to exit with.</summary>
internal sealed class CommandException(int exitCode, string message) : Exception(message)
{
    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>The arguments, or the files that they name, are not acceptable.</summary>
    public static CommandException Wrong(string message) => new(ExitCodes.Wrong, message);
}
