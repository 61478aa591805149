using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.V1;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Commands.Sessions;

/// <summary>A decision, for people.</summary>
internal static class DecisionText
{
    /// <summary>The first line: what was decided, and until when.</summary>
    public static void WriteVerdict(Terminal terminal, Decision decision, Timestamp? validUntil)
    {
        var allowed = decision == Decision.Allow;
        terminal.Out.WriteLine(
            terminal.Painted(allowed ? "ALLOW" : "DENY", allowed ? Tone.Good : Tone.Bad) + (allowed && validUntil is not null ? $" until {Said.At(validUntil)}" : ""));
    }

    /// <summary>What is granted.</summary>
    public static void WriteGrants(Terminal terminal, MapField<string, ActionList> actions, MapField<string, PermissionList> permissions)
    {
        if (Said.Grants(actions, permissions.Keys) is { Length: > 0 } grants)
        {
            terminal.Out.WriteLine($"granted: {TerminalText.Shown(grants)}");
        }
    }

    /// <summary>Why.</summary>
    public static void WriteReasons(Terminal terminal, IEnumerable<Reason> reasons)
    {
        foreach (var reason in reasons)
        {
            var about = string.Join(' ', ((string[])[reason.PolicyName, reason.Condition]).Where(p => p.Length > 0));
            terminal.Out.WriteLine(TerminalText.Shown($"- {(about.Length > 0 ? about + ": " : "")}{reason.Message}") + " " + terminal.Painted($"({Said.Word(reason.Code)})", Tone.Quiet));
        }
    }

    /// <summary>The exit code that tells a script the same.</summary>
    public static int ExitCodeOf(Decision decision) => decision == Decision.Allow ? ExitCodes.Done : ExitCodes.Denied;
}
