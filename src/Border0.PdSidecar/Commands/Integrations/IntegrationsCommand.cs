using System.CommandLine;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Commands.Integrations;

/// <summary>`pdsidecar integrations`.</summary>
internal static class IntegrationsCommand
{
    internal const string KeyPrompt = "PagerDuty API key";

    public static Command Create(RemoteCommand remote) => RemoteCommand.Group(
        "integrations", "Connections to PagerDuty accounts.", "pdsidecar integrations create acme-pagerduty < key.txt\npdsidecar integrations list",
        List(remote),
        Get(remote),
        New(remote),
        Update(remote),
        Delete(remote),
        Check(remote),
        Sync(remote),
        Services(remote));

    private static Command List(RemoteCommand remote) => remote.Create(
        "list", "Lists the integrations, how each is doing, and how old what is known of PagerDuty is. Needs role viewer or admin.",
        "pdsidecar integrations list\npdsidecar integrations list --json | jq -r '.integrations[].name'", [], async call =>
        {
            var all = new ListIntegrationsResponse { Integrations = { await AllAsync(call) } };
            if (!call.WroteJson(all))
            {
                IntegrationTables.WriteList(call.Terminal, all.Integrations);
            }

            return ExitCodes.Done;
        });

    /// <summary>Every integration of the organization.</summary>
    public static async Task<IReadOnlyList<Integration>> AllAsync(RemoteCall call)
    {
        var pages = await RemoteCall.PagesAsync(
            token => call.AskAsync("reading integrations", o => call.Integrations.ListIntegrationsAsync(
                new ListIntegrationsRequest { OrganizationId = call.Organization, PageSize = 1000, PageToken = token }, o)), p => p.NextPageToken);
        return [.. pages.SelectMany(p => p.Integrations)];
    }

    private static Command Get(RemoteCommand remote)
    {
        var name = Name();
        return remote.Create("get", "Shows one integration. Its key is never shown, but for the last four characters. Needs role viewer or admin.", "pdsidecar integrations get acme-pagerduty", [name], async call =>
        {
            var answer = await call.AskAsync("reading the integration", o => call.Integrations.GetIntegrationAsync(
                new GetIntegrationRequest { OrganizationId = call.Organization, Name = call.Parsed.GetValue(name)! }, o));
            return Shown(call, answer.Integration);
        });
    }

    private static Command New(RemoteCommand remote)
    {
        var (name, fields) = (Name(), new IntegrationFields());
        return remote.Create(
            "create",
            """
            Creates an integration. The PagerDuty API key, for which read-only rights are enough, is read from standard input (without being
            shown, when it is typed) or a file, never from the arguments, which others on the machine can see. Needs role admin.
            """,
            "pdsidecar integrations create acme-pagerduty\npdsidecar integrations create acme-pagerduty --region eu --api-key-file - < key.txt",
            [name, .. fields.Options], async call =>
        {
            var integration = new Integration { Name = call.Parsed.GetValue(name)!, OrganizationId = call.Organization };
            fields.Read(call, integration, isNew: true);
            var answer = await call.AskAsync("creating the integration", o => call.Integrations.CreateIntegrationAsync(new CreateIntegrationRequest { Integration = integration }, o));
            return Shown(call, answer.Integration);
        });
    }

    private static Command Update(RemoteCommand remote)
    {
        var (name, fields) = (Name(), new IntegrationFields());
        var etag = new Option<string?>("--etag") { Description = "change it only if this still is its etag", HelpName = "ETAG" };
        return remote.Create(
            "update", "Changes what is given, and nothing else. Needs role admin.",
            "pdsidecar integrations update acme-pagerduty --api-key-file new-key.txt\npdsidecar integrations update acme-pagerduty --max-staleness 2m --description 'production account'",
            [name, .. fields.Options, etag], async call =>
        {
            var integration = new Integration { Name = call.Parsed.GetValue(name)!, OrganizationId = call.Organization, Etag = call.Parsed.GetValue(etag) ?? "" };
            var changed = fields.Read(call, integration, isNew: false);
            if (changed.Count == 0)
            {
                throw CommandException.Wrong($"nothing to change: give one of {string.Join(", ", fields.Options.Where(o => !o.Hidden).Select(o => o.Name))}");
            }

            var answer = await call.AskAsync("changing the integration", o => call.Integrations.UpdateIntegrationAsync(
                new UpdateIntegrationRequest { Integration = integration, UpdateMask = new FieldMask { Paths = { changed } } }, o));
            return Shown(call, answer.Integration);
        });
    }

    private static Command Delete(RemoteCommand remote)
    {
        var name = Name();
        var etag = new Option<string?>("--etag") { Description = "delete it only if this still is its etag", HelpName = "ETAG" };
        var force = new Option<bool>("--force") { Description = "even when policies refer to it, which deny from then on" };
        return remote.Create("delete", "Deletes an integration; refused while policies refer to it. Needs role admin.", "pdsidecar integrations delete acme-pagerduty", [name, etag, force], async call =>
        {
            var answer = await call.AskAsync("deleting the integration", o => call.Integrations.DeleteIntegrationAsync(
                new DeleteIntegrationRequest { OrganizationId = call.Organization, Name = call.Parsed.GetValue(name)!, Etag = call.Parsed.GetValue(etag) ?? "", Force = call.Parsed.GetValue(force) }, o));
            if (!call.WroteJson(answer))
            {
                call.Terminal.Out.WriteLine($"integration {TerminalText.Shown(call.Parsed.GetValue(name)!)} is deleted");
                foreach (var policy in answer.OrphanedPolicies)
                {
                    call.Terminal.Out.WriteLine(call.Terminal.Painted($"policy {TerminalText.Shown(policy)} refers to it, and denies from now on", Tone.Notable));
                }
            }

            return ExitCodes.Done;
        });
    }

    private static Command Check(RemoteCommand remote)
    {
        var name = Name();
        var key = new Option<string?>("--api-key-file") { Description = "check the key in this file, - for standard input, in place of the stored one", HelpName = "FILE" };
        return remote.Create(
            "check", "Asks PagerDuty what an integration's key can read, and whether it can do more than read. Needs role admin.",
            "pdsidecar integrations check acme-pagerduty\npdsidecar integrations check acme-pagerduty --api-key-file new-key.txt", [name, key, RemoteOptions.Refused("--api-key")], async call =>
        {
            var named = call.Parsed.GetValue(name)!;
            var answer = await call.AskAsync("asking PagerDuty", o => call.Integrations.CheckIntegrationAsync(
                new CheckIntegrationRequest
                {
                    OrganizationId = call.Organization,
                    Name = named,
                    ApiKey = call.Parsed.GetValue(key) is { } file ? SecretInput.Read(call.Terminal, key.Name, file, KeyPrompt) : "",
                }, o));
            if (!call.WroteJson(answer))
            {
                KeyReport.Write(call.Terminal, ("Integration", named), answer);
            }

            return KeyReport.ExitCodeOf(answer);
        }, "Exit codes: 0 the key reads all that is needed, 1 it does not, 2 not acceptable, 3 the sidecar or PagerDuty not reached, 4 not allowed, 5 not found.");
    }

    private static Command Sync(RemoteCommand remote)
    {
        var name = Name();
        return remote.Create("sync", "Refreshes what is known of PagerDuty now, and answers when that is done. Needs role admin.", "pdsidecar integrations sync acme-pagerduty", [name], async call =>
        {
            var answer = await call.AskAsync("refreshing from PagerDuty", o => call.Integrations.SyncIntegrationAsync(
                new SyncIntegrationRequest { OrganizationId = call.Organization, Name = call.Parsed.GetValue(name)! }, o));
            if (!call.WroteJson(answer))
            {
                call.Terminal.Out.WriteLine(
                    $"{Said.Count(answer.Services, "service")} with {Said.Count(answer.OpenIncidents, "open incident")}, {Said.Count(answer.EscalationPolicies, "escalation policy", "escalation policies")}, in {Said.Span(answer.Duration)}");
            }

            return ExitCodes.Done;
        });
    }

    private static Command Services(RemoteCommand remote)
    {
        var name = Name();
        var search = new Option<string?>("--search") { Description = "only services whose names contain this", HelpName = "WORD" };
        return remote.Create(
            "services", "Lists the services of the PagerDuty account, whose ids policies refer to. Needs role viewer or admin.",
            "pdsidecar integrations services acme-pagerduty --search payments", [name, search], async call =>
        {
            var pages = await RemoteCall.PagesAsync(
                token => call.AskAsync("asking PagerDuty", o => call.Integrations.ListPagerDutyServicesAsync(
                    new ListPagerDutyServicesRequest
                    {
                        OrganizationId = call.Organization,
                        IntegrationName = call.Parsed.GetValue(name)!,
                        Search = call.Parsed.GetValue(search) ?? "",
                        PageSize = 100,
                        PageToken = token,
                    }, o)), p => p.NextPageToken);
            var all = new ListPagerDutyServicesResponse { Services = { pages.SelectMany(p => p.Services) } };
            if (!call.WroteJson(all))
            {
                var table = new TextTable("ID", "NAME", "STATUS", "ESCALATION POLICY");
                foreach (var service in all.Services)
                {
                    table.Add(service.Id, service.Name, service.Status, service.EscalationPolicyId.Length > 0 ? $"{service.EscalationPolicyName} ({service.EscalationPolicyId})" : "");
                }

                table.Write(call.Terminal);
            }

            return ExitCodes.Done;
        });
    }

    private static Argument<string> Name() => new("NAME") { Description = "the integration's name" };

    private static int Shown(RemoteCall call, Integration integration)
    {
        if (!call.WroteJson(integration))
        {
            IntegrationTables.Write(call.Terminal, integration);
        }

        return ExitCodes.Done;
    }
}
