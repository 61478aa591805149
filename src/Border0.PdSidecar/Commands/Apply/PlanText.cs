using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Terminals;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>A plan, for people and for scripts.</summary>
internal static class PlanText
{
    /// <summary>Writes what would change: each thing with a mark, below it what is different.</summary>
    public static void Write(Terminal terminal, ApplyPlan plan)
    {
        foreach (var change in plan.Changes.Where(c => c.Action != PlannedAction.None))
        {
            var (mark, tone) = MarkOf(change.Action);
            var stays = change is { Action: PlannedAction.Delete } ? " (no file names it any more)" : "";
            terminal.Out.WriteLine(terminal.Painted(TerminalText.Shown($"{mark} {change.Kind} {change.Name}{stays}"), tone));
            foreach (var difference in change.Differences)
            {
                var (inner, innerTone) = MarkOf(difference.Before is null ? PlannedAction.Create : difference.After is null ? PlannedAction.Delete : PlannedAction.Update);
                var values = difference is { Before: { } before, After: { } after } ? $"{before} → {after}" : difference.After ?? difference.Before;
                terminal.Out.WriteLine(terminal.Painted(TerminalText.Shown($"    {inner} {difference.Field}: {values}"), innerTone));
            }
        }
    }

    /// <summary>Writes how many there are of each.</summary>
    public static void WriteCounts(Terminal terminal, ApplyPlan plan, bool isDone)
    {
        var verb = isDone ? "" : "to be ";
        (PlannedAction Action, string Word)[] words =
            [(PlannedAction.Create, verb + "created"), (PlannedAction.Update, verb + "changed"), (PlannedAction.Delete, verb + "deleted"), (PlannedAction.None, "as they should be")];
        var counts = string.Join(", ", words.Select(a => (Count: plan.Changes.Count(c => c.Action == a.Action), a.Word)).Where(a => a.Count > 0).Select(a => $"{a.Count} {a.Word}"));
        terminal.Out.WriteLine(counts.Length > 0 ? counts : "nothing to do");
        if (plan.Orphans > 0)
        {
            terminal.Out.WriteLine(terminal.Painted($"{Said.Count(plan.Orphans, "thing")} that apply put there {(plan.Orphans == 1 ? "is" : "are")} in no file any more: --prune deletes {(plan.Orphans == 1 ? "it" : "them")}", Tone.Notable));
        }

        if (plan.Others > 0)
        {
            terminal.Out.WriteLine(terminal.Painted($"{Said.Count(plan.Others, "other")} {(plan.Others == 1 ? "is" : "are")} kept by somebody else, and stay{(plan.Others == 1 ? "s" : "")}", Tone.Quiet));
        }
    }

    /// <summary>The same as JSON.</summary>
    /// <param name="terminal">Where to.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="done">How many of its changes were made; null when none was to be.</param>
    public static void WriteJson(Terminal terminal, ApplyPlan plan, int? done)
    {
        terminal.Out.WriteLine(JsonText.Of(json =>
        {
            json.WriteBoolean("dry_run", done is null);
            json.WriteNumber("unchanged", plan.Changes.Count(c => c.Action == PlannedAction.None));
            json.WriteNumber("orphans", plan.Orphans);
            json.WriteNumber("others", plan.Others);
            json.WriteStartArray("changes");
            foreach (var (i, change) in plan.Changes.Where(c => c.Action != PlannedAction.None).Index())
            {
                json.WriteStartObject();
                json.WriteString("action", change.Action.ToString().ToLowerInvariant());
                json.WriteString("kind", change.Kind);
                json.WriteString("name", change.Name);
                json.WriteString("source", change.Source);
                json.WriteBoolean("done", i < done);
                json.WriteStartArray("differences");
                foreach (var difference in change.Differences)
                {
                    json.WriteStartObject();
                    json.WriteString("field", difference.Field);
                    json.WriteString("before", difference.Before);
                    json.WriteString("after", difference.After);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }));
    }

    private static (string Mark, Tone Tone) MarkOf(PlannedAction action) => action switch
    {
        PlannedAction.Create => ("+", Tone.Good),
        PlannedAction.Delete => ("-", Tone.Bad),
        _ => ("~", Tone.Notable),
    };
}
