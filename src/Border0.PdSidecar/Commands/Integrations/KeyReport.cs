using System.Globalization;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Commands.Integrations;

/// <summary>What PagerDuty said about a key.</summary>
internal static class KeyReport
{
    /// <summary>Writes it.</summary>
    /// <param name="terminal">Where to.</param>
    /// <param name="about">Which key: an address of PagerDuty, or an integration.</param>
    /// <param name="report">The report.</param>
    public static void Write(Terminal terminal, (string Name, string Value) about, CheckIntegrationResponse report)
    {
        var table = new TextTable().Add(about.Name, about.Value)
            .Add("Key is valid", Mark(report.KeyValid))
            .Add("Kind of key", report.KeyKind switch { KeyKind.Account => "account", KeyKind.User => "user (sees only what that user sees)", _ => "not known" })
            .Add("Can do more than read", report.WriteAccess switch
            {
                WriteAccess.ReadWrite => new Cell("yes: use a read-only key", Tone.Notable),
                WriteAccess.ReadOnly => "no",
                _ => "could not be told",
            });
        foreach (var capability in report.Capabilities)
        {
            var remarks = (capability.Required ? "" : " (not needed)") + (capability.Detail.Length > 0 ? " " + capability.Detail : "");
            var mark = Mark(capability.Ok);
            table.Add("Reads " + capability.Name, mark with { Text = mark.Text + remarks, Tone = capability.Required || capability.Ok ? mark.Tone : Tone.Plain });
        }

        if (report.Latency is { } latency)
        {
            table.Add("Round trip", string.Create(CultureInfo.InvariantCulture, $"{latency.ToTimeSpan().TotalMilliseconds:0} ms"));
        }

        if (report.RateBudget is { Limit: > 0 } budget)
        {
            table.Add("Rate limit", string.Create(CultureInfo.InvariantCulture, $"{budget.Remaining} of {budget.Limit} left"));
        }

        foreach (var subscription in report.WebhookSubscriptions)
        {
            table.Add($"Webhook subscription {subscription.Id}", new Cell(
                subscription.Url + (!subscription.Active ? " (switched off)" : subscription.TemporarilyDisabled ? " (switched off by PagerDuty for a day after dropped deliveries)" : ""),
                subscription.Active && !subscription.TemporarilyDisabled ? Tone.Plain : Tone.Notable));
        }

        table.Write(terminal);
        terminal.Out.WriteLine(terminal.Painted(TerminalText.Shown(report.Message), report.Usable ? Tone.Good : Tone.Bad));
    }

    /// <summary>The exit code that tells a script the same.</summary>
    public static int ExitCodeOf(CheckIntegrationResponse report) =>
        report.Usable ? ExitCodes.Done : report.KeyValid || report.Message.Contains("refuses", StringComparison.OrdinalIgnoreCase) ? ExitCodes.Failed : ExitCodes.NoAnswer;

    private static Cell Mark(bool ok) => ok ? new Cell("yes", Tone.Good) : new Cell("no", Tone.Bad);
}
