using System.CommandLine;
using System.Globalization;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Sessions;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.V1;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace Border0.PdSidecar.Commands.Policies;

/// <summary>`pdsidecar test`.</summary>
internal static class TestCommand
{
    public static Command Create(RemoteCommand remote)
    {
        var name = new Argument<string?>("POLICY") { Description = "the saved policy", Arity = ArgumentArity.ZeroOrOne };
        var file = new Option<string?>("--file") { Description = "a policy that is not saved, as policies create takes it; - for standard input", HelpName = "FILE" };
        var at = new Option<string?>("--at") { Description = "the instant to test for, like 2026-11-24T18:00:00Z, or from now: +2h (default: now)", HelpName = "TIME" };
        var caller = new CallerOptions();
        return remote.Create(
            "test",
            """
            Tells what one policy, saved or not, decides for a user, and how every condition comes out. Nothing is stored, and no session
            opens. Needs role viewer or admin.
            """,
            """
            pdsidecar test payments-on-call --user alice@example.com
            pdsidecar test payments-on-call --user alice@example.com --socket-type ssh --client-ip 192.0.2.7 --at +2h
            pdsidecar test --file payments-on-call.json --user alice@example.com
            """,
            [name, file, .. caller.Symbols, at], async call =>
        {
            var (saved, unsaved) = (call.Parsed.GetValue(name), call.Parsed.GetValue(file));
            if (saved is null == unsaved is null)
            {
                throw CommandException.Wrong("give either the name of a saved policy, or --file with one that is not saved");
            }

            var request = new TestPolicyRequest
            {
                OrganizationId = call.Organization,
                Name = saved ?? "",
                UserEmail = caller.User(call.Parsed),
                Groups = { caller.Groups(call.Parsed) },
                ServiceAccount = caller.ServiceAccount(call.Parsed),
                ClientIp = caller.ClientIp(call.Parsed),
                ClientCountry = caller.ClientCountry(call.Parsed),
                SocketType = caller.SocketType(call.Parsed),
                Time = Instant(call.Parsed.GetValue(at), call.Now),
            };
            if (unsaved is not null)
            {
                var given = PoliciesCommand.One(call, unsaved, name: null);
                (request.Policy, request.PolicyDocument) = (given.Policy, given.Document);
            }

            var answer = await call.AskAsync("testing the policy", o => call.Policies.TestPolicyAsync(request, o));
            if (!call.WroteJson(answer))
            {
                DecisionText.WriteVerdict(call.Terminal, answer.Decision, answer.ValidUntil);
                DecisionText.WriteGrants(call.Terminal, answer.AllowedActions, answer.Permissions);
                TraceTree.Write(call.Terminal, answer.Trace ?? new PolicyTrace());
            }

            PolicyTables.WriteWarnings(call.Terminal, "", answer.Warnings);
            return DecisionText.ExitCodeOf(answer.Decision);
        }, "Exit codes: 0 allow, 9 deny; no answer: 2 not acceptable, 3 not reached, 4 not allowed, 5 not found, 7 a limit, 1 anything else.");
    }

    /// <summary>An instant as a person writes it; null for now.</summary>
    public static Timestamp? Instant(string? text, DateTimeOffset now) =>
        text is null ? null
        : text.StartsWith('+') && OptionKeys.TryReadSpan(text[1..], out var span) && span <= TimeSpan.FromDays(36_500) ? Timestamp.FromDateTimeOffset(now + span)
        : DateTimeOffset.TryParseExact(
            text,
            ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd HH:mmK"],
            CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant) ? Timestamp.FromDateTimeOffset(instant)
        : throw CommandException.Wrong($"--at: \"{text}\" is no instant, like 2026-11-24T18:00:00Z (UTC, where no offset is given), nor a time from now, like +2h");
}
