using System.CommandLine;
using Border0.PdSidecar.Commands.Integrations;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.PagerDuty.Probe;
using Border0.PdSidecar.PagerDuty.Rest;
using Microsoft.Extensions.Logging.Abstractions;

namespace Border0.PdSidecar.Commands;

/// <summary>`pdsidecar check`.</summary>
internal static class CheckCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Option<string?>("--api-key-file") { Description = "file that holds the key; - for standard input, which is read when nothing is given", HelpName = "FILE" };
        var region = new Option<string>("--region") { Description = "us or eu", HelpName = "REGION", DefaultValueFactory = _ => "us" };
        var baseUrl = new Option<string?>("--pagerduty-base-url") { Description = "ask this address instead of PagerDuty's", HelpName = "URL" };
        var isPrivate = new Option<bool>("--pagerduty-private-addresses") { Description = "the host name in that address may lead to a private, loopback or link-local one" };
        var json = new Option<bool>("--json") { Description = "write the answer as JSON, for scripts" };
        var command = new Command(
            "check",
            """
            Asks PagerDuty with an API key and reports what works. No sidecar is needed. The key is read from standard input (without
            being shown, when it is typed) or a file, never from arguments, which others on the machine can see.

            Exit codes: 0 the key reads all that is needed, 1 it does not, 2 the arguments are wrong, 3 PagerDuty did not answer.

            Example:
              pdsidecar check --region eu < key.txt
            """) { file, RemoteOptions.Refused("--api-key"), region, baseUrl, isPrivate, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var found = new FieldViolations();
            var address = Address(parsed.GetValue(region)!, parsed.GetValue(baseUrl), found);
            var key = "";
            try
            {
                key = SecretInput.Read(terminal, file.Name, parsed.GetValue(file) ?? "-", "PagerDuty API key");
                IntegrationValidation.CheckKey("api_key", key, found);
            }
            catch (CommandException e)
            {
                found.Add(file.Name, e.Message[(file.Name.Length + 2)..]);
            }

            if (!found.None)
            {
                foreach (var violation in found.Found)
                {
                    terminal.Complain($"{violation.Field} {violation.Description}");
                }

                return ExitCodes.Wrong;
            }

            using var clients = new PagerDutyClients(
                new PagerDutyClientOptions { Addresses = new PagerDutyAddresses { Allowed = address, AllowPrivate = parsed.GetValue(isPrivate) } }, TimeProvider.System, NullLoggerFactory.Instance);
            var report = await Progress.WhileAsync(terminal, "asking PagerDuty", new PagerDutyProbe(clients, TimeProvider.System).CheckAsync(address, key, cancellation));
            if (parsed.GetValue(json))
            {
                terminal.Out.WriteLine(ContractJson.Indented(report));
                return KeyReport.ExitCodeOf(report);
            }

            KeyReport.Write(terminal, ("PagerDuty", address.ToString()), report);
            return KeyReport.ExitCodeOf(report);
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
}
