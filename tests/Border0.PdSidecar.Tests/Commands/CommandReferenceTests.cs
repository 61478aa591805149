using System.CommandLine;
using System.Reflection;
using System.Text;
using Border0.PdSidecar.Commands;

namespace Border0.PdSidecar.Tests.Commands;

/// <summary>docs/command-line.md is what the commands say of themselves. PDSIDECAR_WRITE_DOCS=1 writes it.</summary>
public class CommandReferenceTests
{
    private static readonly string File = Path.Combine(
        typeof(CommandReferenceTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!, "docs", "command-line.md");

    [Fact]
    public void Reference_IsCurrent()
    {
        var page = Page();
        if (Environment.GetEnvironmentVariable("PDSIDECAR_WRITE_DOCS") == "1")
        {
            System.IO.File.WriteAllText(File, page);
        }

        Assert.Equal(System.IO.File.ReadAllText(File), page);
    }

    private static string Page()
    {
        var page = new StringBuilder();
        var root = CommandTree.Create(ToolRun.Terminal());
        page.Append(
            $"""
            # The command line

            <!-- Written by CommandReferenceTests from the commands themselves: PDSIDECAR_WRITE_DOCS=1 dotnet test tests/Border0.PdSidecar.Tests --filter CommandReference -->

            One binary runs the sidecar and administers it. All commands but `serve`, `demo`, `simulator`, `check`, `token` and `keys` ask a running
            sidecar over its gRPC contract; on the sidecar's own machine they find it without being told where it is. Answers go to standard
            output, everything else to standard error; tables are for people, `--json` is for scripts, with the names of the contract. Colours and
            progress are for terminals only. Keys and tokens are read from files, standard input or the environment, never from arguments.

            ## Exit codes

            | code | meaning |
            | --- | --- |
            {string.Join('\n', ExitCodes.All.Select(c => $"| {c.Code} | {c.Meaning} |"))}

            ## Environment

            ```
            {string.Join('\n', HelpCommand.EnvironmentLines.Skip(2).Select(l => l.Trim()))}
            ```

            ## Configuration kept in Git

            `pdsidecar apply` makes integrations and policies what files say.

            ```yaml
            # policies/payments.yaml
            integrations:
              - name: acme-pagerduty
                region: REGION_EU
                api_key_from: {"{"}env: ACME_PAGERDUTY_KEY{"}"}        # or file: PATH, relative to this file; the key itself is refused here
            policies:
              - name: payments-on-call
                socket_ids: [payments-db]
                actions: {"{"}database: {"{"}values: ["*"]{"}}"}
                integrations:
                  - integration_name: acme-pagerduty
                    pagerduty_oncall: {"{"}service_id: PF9KMXH, require_be_oncall: true, require_incident: true{"}"}
            ```

            - **Checked before anything is changed**: files are read, checked by the sidecar's own rules, and services that PagerDuty does not have are
              asked for. What still fails half-way (a conflict, a sidecar that goes away) is reported as such (exit code 8); running apply again makes
              the rest.
            - **Nothing twice**: what is as it should be is not written. Each change carries the etag that was read, so what somebody changed in
              between is a conflict and not overwritten.
            - **Whose it is**: everything apply writes carries its `--owner` in `managed_by`. `--prune` deletes only what carries the same owner, in the
              same organization, and is in no file any more; what somebody made by hand or another owner keeps stays. What another owner keeps is
              changed only with `--take-over`.
            - **Secrets** cannot be read back: a key counts as changed when its last four characters are others, webhook secrets when there are more
              or fewer of them; `--write-secrets` writes them all.
            - In a pipeline: `pdsidecar apply -f policies/ --prune --dry-run` on a merge request (exit code 10: it would change something), without
              `--dry-run` after the merge. YAML is read by version 1.2's core schema: `no` and `22:00` are text.

            ## Commands


            """);
        foreach (var command in HelpTests.All(root).Where(c => c is not RootCommand))
        {
            Describe(page, command);
        }

        return page.ToString().TrimEnd('\n') + "\n";
    }

    private static void Describe(StringBuilder page, Command command)
    {
        var path = HelpTests.PathOf(command);
        var arguments = string.Concat(command.Arguments.Select(a => a.Arity.MinimumNumberOfValues == 0 ? $" [{a.Name}{Dots(a)}]" : $" {a.Name}{Dots(a)}"));
        page.Append($"### pdsidecar {path}{arguments}\n\n");
        var parts = (command.Description ?? "").Split("\nExample:\n");
        page.Append(parts[0].Trim().Replace("<", "&lt;", StringComparison.Ordinal)).Append("\n\n");
        if (parts.Length > 1)
        {
            page.Append("```console\n").Append(string.Join('\n', parts[1].TrimEnd().Split('\n').Select(l => "$ " + l.Trim()))).Append("\n```\n\n");
        }

        var options = command.Options.Where(o => !o.Hidden && (command.Name != "serve" || o.Name == "--config")).ToList();
        if (command.Subcommands.Count == 0 && options.Count + command.Arguments.Count > 0)
        {
            page.Append("| | |\n| --- | --- |\n");
            foreach (var argument in command.Arguments)
            {
                page.Append($"| `{argument.Name}` | {Cell(argument.Description)} |\n");
            }

            foreach (var option in options)
            {
                var names = string.Join(", ", option.Aliases.Prepend(option.Name).Distinct());
                page.Append($"| `{names}{(option.HelpName is { } help ? " " + help.Replace("|", "\\|", StringComparison.Ordinal) : "")}` | {Cell(option.Description)}{(option.Required ? " (required)" : "")} |\n");
            }

            page.Append('\n');
        }

        if (command.Name == "serve")
        {
            page.Append("All its other options are in the configuration reference, and in `pdsidecar serve --help`.\n\n");
        }
    }

    private static string Dots(Argument argument) => argument.Arity.MaximumNumberOfValues > 1 ? " …" : "";

    private static string Cell(string? text) => (text ?? "").Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
