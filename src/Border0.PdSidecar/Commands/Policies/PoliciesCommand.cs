using System.CommandLine;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Commands.Policies;

/// <summary>`pdsidecar policies`.</summary>
internal static class PoliciesCommand
{
    public static Command Create(RemoteCommand remote) => RemoteCommand.Group(
        "policies", "Who may do what, and in which state of PagerDuty.", "pdsidecar policies create payments-on-call.json\npdsidecar policies list --socket payments-db",
        List(remote),
        Get(remote),
        Write(remote, isNew: true),
        Write(remote, isNew: false),
        Delete(remote),
        Sockets(remote, attach: true),
        Sockets(remote, attach: false));

    private static Command List(RemoteCommand remote)
    {
        var socket = new Option<string?>("--socket") { Description = "only those that reach this socket by attachment or organization-wide", HelpName = "ID" };
        var integration = new Option<string?>("--integration") { Description = "only those that refer to this integration", HelpName = "NAME" };
        return remote.Create(
            "list", "Lists the policies. What --json prints, `apply -f -` takes. Needs role viewer or admin.",
            "pdsidecar policies list --socket payments-db\npdsidecar policies list --json > policies.json", [socket, integration], async call =>
        {
            var all = new ListPoliciesResponse { Policies = { await AllAsync(call, call.Parsed.GetValue(socket), call.Parsed.GetValue(integration)) } };
            if (!call.WroteJson(all))
            {
                PolicyTables.WriteList(call.Terminal, all.Policies);
            }

            return ExitCodes.Done;
        });
    }

    /// <summary>Every policy of the organization.</summary>
    public static async Task<IReadOnlyList<Policy>> AllAsync(RemoteCall call, string? socket = null, string? integration = null)
    {
        var pages = await RemoteCall.PagesAsync(
            token => call.AskAsync("reading policies", o => call.Policies.ListPoliciesAsync(
                new ListPoliciesRequest { OrganizationId = call.Organization, PageSize = 1000, PageToken = token, SocketId = socket ?? "", IntegrationName = integration ?? "" }, o)),
            p => p.NextPageToken);
        return [.. pages.SelectMany(p => p.Policies)];
    }

    private static Command Get(RemoteCommand remote)
    {
        var name = Name();
        var document = new Option<string?>("--document") { Description = "print it as Border0's policy document (policy_data) of this version instead: v1 or v2", HelpName = "VERSION" };
        document.AcceptOnlyFromAmong("v1", "v2");
        return remote.Create("get", "Shows one policy. Needs role viewer or admin.", "pdsidecar policies get payments-on-call\npdsidecar policies get payments-on-call --document v2", [name, document], async call =>
        {
            var answer = await call.AskAsync("reading the policy", o => call.Policies.GetPolicyAsync(
                new GetPolicyRequest { OrganizationId = call.Organization, Name = call.Parsed.GetValue(name)!, PolicyDocumentVersion = call.Parsed.GetValue(document) ?? "" }, o));
            if (answer.PolicyDocument is null)
            {
                return Shown(call, answer.Policy);
            }

            call.Terminal.Out.WriteLine(ContractJson.Indented(answer.PolicyDocument));
            foreach (var loss in answer.PolicyDocumentLosses)
            {
                call.Terminal.Error.WriteLine(TerminalText.Shown($"warning: not in the document: {loss}"));
            }

            return ExitCodes.Done;
        });
    }

    private static Command Write(RemoteCommand remote, bool isNew)
    {
        var file = new Argument<string>("FILE") { Description = "the policy as JSON; - for standard input" };
        var name = new Option<string?>("--name") { Description = "its name, where the file does not say", HelpName = "NAME" };
        var etag = new Option<string?>("--etag") { Description = "replace it only if this still is its etag (default: the file's, if it has one)", HelpName = "ETAG" };
        var description = isNew
            ? """
              Creates a policy from a file: the fields of the contract, or Border0's policy document, whole or under "policy_data". What is
              accepted but is probably not meant is warned of. Needs role admin.
              """
            : "Replaces a policy by what a file says: what the file leaves out is reset. Sessions that are no longer allowed are revoked. Needs role admin.";
        return remote.Create(
            isNew ? "create" : "update", description,
            isNew ? "pdsidecar policies create payments-on-call.json\npdsidecar policies create --name payments-on-call - < policy_data.json" : "pdsidecar policies update payments-on-call.json",
            isNew ? [file, name] : [file, name, etag], async call =>
        {
            var given = One(call, call.Parsed.GetValue(file)!, call.Parsed.GetValue(name));
            var policy = given.Policy;
            Policy written;
            if (isNew)
            {
                written = (await call.AskAsync("creating the policy", o => call.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = policy, PolicyDocument = given.Document }, o))).Policy;
            }
            else
            {
                policy.Etag = call.Parsed.GetValue(etag) ?? policy.Etag;
                written = (await call.AskAsync("replacing the policy", o => call.Policies.UpdatePolicyAsync(Replacing(policy, given.Document), o))).Policy;
            }

            return Shown(call, written);
        });
    }

    /// <summary>A request after which the policy is as given, and nothing is left of what it was.</summary>
    public static UpdatePolicyRequest Replacing(Policy policy, Struct? document) => new()
    {
        Policy = policy,
        PolicyDocument = document,
        UpdateMask = new FieldMask
        {
            Paths =
            {
                document is null ? ["*"] : (string[])["description", "org_wide", "socket_ids", "tag_rules", "revocation_grace", "max_session_duration", "managed_by"],
            },
        },
    };

    private static Command Delete(RemoteCommand remote)
    {
        var name = Name();
        var etag = new Option<string?>("--etag") { Description = "delete it only if this still is its etag", HelpName = "ETAG" };
        return remote.Create("delete", "Deletes a policy. Sessions that no other policy allows are revoked. Needs role admin.", "pdsidecar policies delete payments-on-call", [name, etag], async call =>
        {
            var answer = await call.AskAsync("deleting the policy", o => call.Policies.DeletePolicyAsync(
                new DeletePolicyRequest { OrganizationId = call.Organization, Name = call.Parsed.GetValue(name)!, Etag = call.Parsed.GetValue(etag) ?? "" }, o));
            if (!call.WroteJson(answer))
            {
                call.Terminal.Out.WriteLine($"policy {TerminalText.Shown(call.Parsed.GetValue(name)!)} is deleted");
            }

            return ExitCodes.Done;
        });
    }

    private static Command Sockets(RemoteCommand remote, bool attach)
    {
        var name = Name();
        var sockets = new Argument<string[]>("SOCKET") { Description = "the sockets' ids", Arity = ArgumentArity.OneOrMore };
        return remote.Create(
            attach ? "attach" : "detach",
            attach ? "Attaches a policy to sockets. Needs role admin." : "Detaches a policy from sockets. Sessions that no other policy allows are revoked. Needs role admin.",
            $"pdsidecar policies {(attach ? "attach" : "detach")} payments-on-call payments-db payments-bastion", [name, sockets], async call =>
        {
            var (named, ids) = (call.Parsed.GetValue(name)!, call.Parsed.GetValue(sockets)!);
            return Shown(call, attach
                ? (await call.AskAsync("attaching the policy", o => call.Policies.AttachPolicyAsync(new AttachPolicyRequest { OrganizationId = call.Organization, Name = named, SocketIds = { ids } }, o))).Policy
                : (await call.AskAsync("detaching the policy", o => call.Policies.DetachPolicyAsync(new DetachPolicyRequest { OrganizationId = call.Organization, Name = named, SocketIds = { ids } }, o))).Policy);
        });
    }

    /// <summary>The one policy of a file, with the name and the organization that the command line gives.</summary>
    public static PolicyInput One(RemoteCall call, string file, string? name)
    {
        var given = PolicyReader.ReadFile(call.Terminal, file);
        if (given.Count != 1)
        {
            throw CommandException.Wrong($"{file}: holds {Said.Count(given.Count, "policy", "policies")}, and must hold one; pdsidecar apply takes many");
        }

        var policy = given[0].Policy;
        if (name is { Length: > 0 })
        {
            policy.Name = policy.Name.Length == 0 || policy.Name.Equals(name, StringComparison.OrdinalIgnoreCase) ? name : throw CommandException.Wrong($"--name: is {name}, and {given[0].Source} says {policy.Name}");
        }

        policy.OrganizationId = call.Organization.Length > 0 ? call.Organization : policy.OrganizationId;
        return given[0];
    }

    private static Argument<string> Name() => new("NAME") { Description = "the policy's name" };

    private static int Shown(RemoteCall call, Policy policy)
    {
        if (call.WroteJson(policy))
        {
            PolicyTables.WriteWarnings(call.Terminal, policy.Name, policy.Warnings);
        }
        else
        {
            PolicyTables.Write(call.Terminal, policy);
        }

        return ExitCodes.Done;
    }
}
