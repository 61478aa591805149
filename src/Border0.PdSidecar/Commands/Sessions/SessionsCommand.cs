using System.CommandLine;
using System.Globalization;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Commands.Sessions;

/// <summary>`pdsidecar sessions`.</summary>
internal static class SessionsCommand
{
    public static Command Create(RemoteCommand remote) => RemoteCommand.Group(
        "sessions", "Connections that were allowed and have not ended.", "pdsidecar sessions list --user alice@example.com", List(remote), Revoke(remote));

    private static Command List(RemoteCommand remote)
    {
        var connector = new Option<string?>("--connector") { Description = "only those of this connector", HelpName = "ID" };
        var socket = new Option<string?>("--socket") { Description = "only those for this socket", HelpName = "ID" };
        var user = new Option<string?>("--user") { Description = "only those of this user", HelpName = "EMAIL" };
        return remote.Create(
            "list", "Lists the open sessions, by connector and key. Needs role viewer or admin.", "pdsidecar sessions list --user alice@example.com", [connector, socket, user], async call =>
        {
            var pages = await RemoteCall.PagesAsync(
                token => call.AskAsync("reading sessions", o => call.Evaluation.ListSessionsAsync(
                    new ListSessionsRequest
                    {
                        OrganizationId = call.Organization,
                        ConnectorId = call.Parsed.GetValue(connector) ?? "",
                        SocketId = call.Parsed.GetValue(socket) ?? "",
                        UserEmail = call.Parsed.GetValue(user) ?? "",
                        PageSize = 1000,
                        PageToken = token,
                    }, o)), p => p.NextPageToken);
            var all = new ListSessionsResponse { Sessions = { pages.SelectMany(p => p.Sessions) } };
            if (!call.WroteJson(all))
            {
                Write(call.Terminal, all.Sessions);
            }

            return ExitCodes.Done;
        });
    }

    private static void Write(Terminal terminal, IEnumerable<Session> sessions)
    {
        var now = terminal.Time.GetUtcNow();
        var table = new TextTable("CONNECTOR", "SESSION", "WHO", "SOCKET", "TYPE", "FROM", "OPEN FOR", "ALLOWED UNTIL", "POLICIES");
        foreach (var session in sessions)
        {
            table.Add(
                session.ConnectorId, session.SessionKey, session.UserEmail.Length > 0 ? session.UserEmail : session.ServiceAccount, session.SocketId, session.SocketType, session.ClientIp,
                Said.Age(session.OpenTime, now),
                session.GraceUntil is { } grace ? new Cell($"ends {Said.At(grace)}", Tone.Notable) : Said.At(session.ValidUntil), string.Join(", ", session.PolicyNames));
        }

        table.Write(terminal);
    }

    private static Command Revoke(RemoteCommand remote)
    {
        var key = new Argument<string>("SESSION") { Description = "the session's key" };
        var connector = new Option<string?>("--connector") { Description = "the connector that holds it; needed where several hold one of that key", HelpName = "ID" };
        var reason = new Option<string>("--reason") { Description = "why, for the record and for the connector", HelpName = "TEXT", Required = true };
        return remote.Create(
            "revoke", "Ends a session for good: its key is not allowed again. Needs role admin.", "pdsidecar sessions revoke s1 --connector bastion-1 --reason 'left the company'", [key, connector, reason], async call =>
        {
            var answer = await call.AskAsync("revoking the session", o => call.Evaluation.RevokeSessionAsync(
                new RevokeSessionRequest
                {
                    OrganizationId = call.Organization,
                    ConnectorId = call.Parsed.GetValue(connector) ?? "",
                    SessionKey = call.Parsed.GetValue(key)!,
                    Reason = call.Parsed.GetValue(reason)!,
                }, o));
            if (!call.WroteJson(answer))
            {
                call.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"session {TerminalText.Shown(call.Parsed.GetValue(key)!)} is revoked (revision {answer.Revision})"));
            }

            return ExitCodes.Done;
        });
    }
}
