using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.V1;
using Google.Protobuf.Collections;

namespace Border0.PdSidecar.Commands.Policies;

/// <summary>How every condition of a policy came out, as a tree.</summary>
internal static class TraceTree
{
    /// <summary>Writes it.</summary>
    public static void Write(Terminal terminal, PolicyTrace trace)
    {
        var name = trace.PolicyName.Length > 0 ? $"policy {trace.PolicyName}" : "the policy";
        var verdict = !trace.Holds ? "does not hold" : trace.Grants ? "holds" : "holds, and grants nothing for this type of socket";
        terminal.Out.WriteLine(TerminalText.Shown($"{name} {verdict}"));
        WriteParts(terminal, trace.Conditions, "", "");
        if (trace.ShadowDenials > 0)
        {
            terminal.Out.WriteLine(terminal.Painted($"{Said.Count(trace.ShadowDenials, "shadow condition")} would have denied", Tone.Notable));
        }
    }

    private static void WriteParts(Terminal terminal, RepeatedField<ConditionTrace> parts, string above, string indent)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            var (part, isLast) = (parts[i], i == parts.Count - 1);
            terminal.Out.WriteLine($"{indent}{(isLast ? "└─" : "├─")} {Line(terminal, part, above)}");
            WriteParts(terminal, part.Parts, part.Condition, indent + (isLast ? "   " : "│  "));
        }
    }

    private static string Line(Terminal terminal, ConditionTrace part, string above)
    {
        var (mark, tone, word) = part.Outcome switch
        {
            ConditionOutcome.Pass => ("✔", Tone.Good, ""),
            ConditionOutcome.Fail => ("✘", part.Shadow ? Tone.Notable : Tone.Bad, ""),
            ConditionOutcome.NoOp => ("○", Tone.Notable, "asks for nothing (NO-OP)"),
            ConditionOutcome.Absent => ("·", Tone.Quiet, "not asked for"),
            _ => ("?", Tone.Notable, "not known"),
        };

        // Below its whole a part's name need not repeat it.
        var name = above.Length > 0 && part.Condition.StartsWith(above + ".", StringComparison.Ordinal) ? part.Condition[(above.Length + 1)..] : part.Condition;
        var why = part.Reason is { Message.Length: > 0 } reason ? reason.Message : word;
        var until = part.ValidUntil is { } end ? $" [until {Said.At(end)}]" : "";
        return terminal.Painted($"{mark} {TerminalText.Shown(name)}{(part.Shadow ? " (shadow)" : "")}", tone)
            + (why.Length + until.Length > 0 ? ": " + TerminalText.Shown(why + until) : "");
    }
}
