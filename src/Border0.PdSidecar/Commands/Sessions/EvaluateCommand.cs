using System.CommandLine;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Commands.Sessions;

/// <summary>`pdsidecar evaluate`.</summary>
internal static class EvaluateCommand
{
    public static Command Create(RemoteCommand remote)
    {
        var caller = new CallerOptions();
        var socket = new Option<string>("--socket") { Description = "the socket that the connection is for", HelpName = "ID", Required = true };
        var tags = new Option<string[]>("--socket-tag") { Description = "a tag of the socket; may be given more than once", HelpName = "KEY=VALUE" };
        var connector = new Option<string?>("--connector") { Description = "which connector asks; needed with --session-key", HelpName = "ID" };
        var session = new Option<string?>("--session-key") { Description = "open a session of this key (or evaluate it again), as a connector does", HelpName = "KEY" };
        return remote.Create(
            "evaluate",
            """
            Asks for a decision on one connection, as a connector does, and says why. Without --session-key no session opens.
            Needs role connector. `pdsidecar test` explains every condition of one policy instead.
            """,
            """
            pdsidecar evaluate --socket payments-db --socket-type database --user alice@example.com
            pdsidecar evaluate --socket payments-db --socket-type database --user alice@example.com --connector bastion-1 --session-key s1
            """,
            [socket, .. caller.Symbols, tags, connector, session], async call =>
        {
            var request = new EvaluateRequest
            {
                OrganizationId = call.Organization,
                ConnectorId = call.Parsed.GetValue(connector) ?? "",
                SocketId = call.Parsed.GetValue(socket)!,
                SocketType = caller.SocketType(call.Parsed),
                UserEmail = caller.User(call.Parsed),
                Groups = { caller.Groups(call.Parsed) },
                ServiceAccount = caller.ServiceAccount(call.Parsed),
                ClientIp = caller.ClientIp(call.Parsed),
                ClientCountry = caller.ClientCountry(call.Parsed),
                SessionKey = call.Parsed.GetValue(session) ?? "",
            };
            foreach (var tag in call.Parsed.GetValue(tags) ?? [])
            {
                var equals = tag.IndexOf('=', StringComparison.Ordinal);
                request.SocketTags[equals > 0 ? tag[..equals] : throw CommandException.Wrong($"--socket-tag: \"{tag}\" is not KEY=VALUE")] = tag[(equals + 1)..];
            }

            var answer = await call.AskAsync("asking", o => call.Evaluation.EvaluateAsync(request, o));
            if (!call.WroteJson(answer))
            {
                DecisionText.WriteVerdict(call.Terminal, answer.Decision, answer.ValidUntil);
                DecisionText.WriteGrants(call.Terminal, answer.AllowedActions, answer.Permissions);
                DecisionText.WriteReasons(call.Terminal, answer.Reasons);
            }

            return DecisionText.ExitCodeOf(answer.Decision);
        }, "Exit codes: 0 allow, 9 deny; no decision: 2 not acceptable, 3 not reached, 4 not allowed, 6 conflict, 7 a limit, 1 anything else.");
    }
}
