using System.CommandLine;
using Border0.PdSidecar.Commands.Remote;

namespace Border0.PdSidecar.Commands.Sessions;

/// <summary>`pdsidecar watch`.</summary>
internal static class WatchCommand
{
    public static Command Create(RemoteCommand remote)
    {
        var connector = new Option<string?>("--connector") { Description = "the connector whose sessions are watched; a token that is bound to one says it itself", HelpName = "ID" };
        var resume = new Option<string?>("--resume") { Description = "begin after the message of this resume_token, which --json prints", HelpName = "TOKEN" };
        var heartbeats = new Option<bool>("--heartbeats") { Description = "show the signs of life between events too" };
        var count = new Option<int?>("--count") { Description = "end after so many events (default: Ctrl-C ends it)", HelpName = "N" };
        return remote.Create(
            "watch",
            """
            Shows what happens to a connector's sessions as it happens: revocations, known ends, changes of what is granted. After a break it
            goes on where it was. --json prints one message a line. It counts as that connector's watch (require_watcher), but cuts nothing:
            do not run it in a connector's place. Needs role connector.
            """,
            "pdsidecar watch --connector bastion-1\npdsidecar watch --connector bastion-1 --count 1 --json | jq .session_revoked",
            [connector, resume, heartbeats, count], async call =>
        {
            var most = call.Parsed.GetValue(count);
            if (most < 1)
            {
                throw CommandException.Wrong("--count: must be at least 1");
            }

            var watch = new SessionsWatch(call, call.Parsed.GetValue(connector) ?? "", call.Parsed.GetValue(heartbeats), most);
            await watch.RunAsync(call.Parsed.GetValue(resume) ?? "");
            return ExitCodes.Done;
        }, "Exit codes: 0 ended by Ctrl-C or --count, 2 not acceptable, 3 not reached at first, 4 not allowed, 7 a limit, 1 anything else.");
    }
}
