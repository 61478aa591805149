using System.CommandLine;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.PagerDuty.Probe;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Border0.PdSidecar.Commands;

/// <summary>`pdsidecar check`.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var file = new Option<string?>("--api-key-file") { Description = "file that holds the key, instead of standard input", HelpName = "FILE" };
        var region = new Option<string>("--region") { Description = "us or eu", HelpName = "REGION", DefaultValueFactory = _ => "us" };
        var baseUrl = new Option<string?>("--pagerduty-base-url") { Description = "ask this address instead of PagerDuty's", HelpName = "URL" };
        var isPrivate = new Option<bool>("--pagerduty-private-addresses") { Description = "the host name in that address may lead to a private, loopback or link-local one" };
        var command = new Command(
            "check",
            """
            Asks PagerDuty with an API key and reports what works. The key is read from standard input or a file, never from
            arguments, which others on the machine can see.

            Exit codes: 0 the key reads all that is needed, 1 it does not, 2 the arguments are wrong, 3 PagerDuty did not answer.

            Example:
              pdsidecar check --region eu < key.txt
            """) { file, region, baseUrl, isPrivate };
        command.SetAction(async (parsed, cancellation) =>
        {
            var found = new FieldViolations();
            var address = Address(parsed.GetValue(region)!, parsed.GetValue(baseUrl), found);
            var key = await ReadKeyAsync(parsed.GetValue(file), found, cancellation);
            if (found.None)
            {
                IntegrationValidation.CheckKey("api_key", key, found);
            }

            if (!found.None)
            {
                foreach (var violation in found.Found)
                {
                    await Console.Error.WriteLineAsync($"pdsidecar: {violation.Field} {violation.Description}");
                }

                return 2;
            }

            using var clients = new PagerDutyClients(
                new PagerDutyClientOptions { Addresses = new PagerDutyAddresses { Allowed = address, AllowPrivate = parsed.GetValue(isPrivate) } }, TimeProvider.System, NullLoggerFactory.Instance);
            var report = await new PagerDutyProbe(clients, TimeProvider.System).CheckAsync(address, key, cancellation);
            Print(address, report);
            return report.Usable ? 0 : report.KeyValid || report.Message.Contains("refuses", StringComparison.OrdinalIgnoreCase) ? 1 : 3;
        });
        return command;
    }

    private static Uri Address(string region, string? baseUrl, FieldViolations found)
    {
        if (baseUrl is not null)
        {
            if (Uri.TryCreate(baseUrl, UriKind.Absolute, out var given) && given.Scheme is "http" or "https" && given.UserInfo.Length == 0)
            {
                return given;
            }

            found.Add("--pagerduty-base-url", "must be an http or https address without a user or password");
        }
        else if (region is not ("us" or "eu"))
        {
            found.Add("--region", "must be us or eu");
        }

        return region == "eu" ? PagerDutyAddresses.Eu : PagerDutyAddresses.Us;
    }

    private static async Task<string> ReadKeyAsync(string? file, FieldViolations found, CancellationToken cancellation)
    {
        try
        {
            return (file is null ? await Console.In.ReadLineAsync(cancellation) : await File.ReadAllTextAsync(file, cancellation))?.Trim() ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            found.Add("--api-key-file", $"cannot be read: {e.Message}");
            return "";
        }
    }

    private static void Print(Uri address, CheckIntegrationResponse report)
    {
        static string Mark(bool ok) => ok ? "[green]yes[/]" : "[red]no[/]";
        var table = new Table().Border(TableBorder.None).HideHeaders().AddColumn("").AddColumn("");
        table.AddRow("PagerDuty", address.ToString().EscapeMarkup());
        table.AddRow("Key is valid", Mark(report.KeyValid));
        table.AddRow("Kind of key", report.KeyKind switch { KeyKind.Account => "account", KeyKind.User => "user (sees only what that user sees)", _ => "not known" });
        table.AddRow("Can do more than read", report.WriteAccess switch { WriteAccess.ReadWrite => "[yellow]yes: use a read-only key[/]", WriteAccess.ReadOnly => "no", _ => "could not be told" });
        foreach (var capability in report.Capabilities)
        {
            table.AddRow("Reads " + capability.Name.EscapeMarkup(), Mark(capability.Ok) + (capability.Required ? "" : " (not needed)") + (capability.Detail.Length > 0 ? " " + capability.Detail.EscapeMarkup() : ""));
        }

        if (report.Latency is { } latency)
        {
            table.AddRow("Round trip", $"{latency.ToTimeSpan().TotalMilliseconds:0} ms");
        }

        if (report.RateBudget is { Limit: > 0 } budget)
        {
            table.AddRow("Rate limit", $"{budget.Remaining} of {budget.Limit} left");
        }

        AnsiConsole.Write(table);
        AnsiConsole.MarkupLine(report.Usable ? $"[green]{report.Message.EscapeMarkup()}[/]" : $"[red]{report.Message.EscapeMarkup()}[/]");
    }
}
