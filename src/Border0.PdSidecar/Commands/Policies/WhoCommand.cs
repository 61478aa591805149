using System.CommandLine;
using System.Globalization;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Commands.Policies;

/// <summary>`pdsidecar who`.</summary>
internal static class WhoCommand
{
    public static Command Create(RemoteCommand remote)
    {
        var name = new Argument<string>("POLICY") { Description = "the policy" };
        return remote.Create("who", "Lists whom a policy lets in now, and who is next. Needs role viewer or admin.", "pdsidecar who payments-on-call", [name], async call =>
        {
            var pages = await RemoteCall.PagesAsync(
                token => call.AskAsync("asking", o => call.Policies.ListEligibleUsersAsync(
                    new ListEligibleUsersRequest { OrganizationId = call.Organization, Name = call.Parsed.GetValue(name)!, PageSize = 1000, PageToken = token }, o)), p => p.NextPageToken);
            var all = pages[0].Clone();
            all.NextPageToken = "";
            all.Users.Add(pages.Skip(1).SelectMany(p => p.Users));
            if (!call.WroteJson(all))
            {
                Write(call.Terminal, all);
            }

            return ExitCodes.Done;
        });
    }

    /// <summary>Writes it for people.</summary>
    public static void Write(Terminal terminal, ListEligibleUsersResponse answer)
    {
        if (answer.NotLimitedToOnCall)
        {
            terminal.Out.WriteLine("The policy does not ask who is on call.");
        }

        if (!answer.NotLimitedToOnCall || answer.Users.Count > 0)
        {
            var now = terminal.Time.GetUtcNow();
            var table = new TextTable("NOW", "USER", "NAME", "FROM", "UNTIL", "LEVEL", "SCHEDULES");
            foreach (var user in answer.Users)
            {
                table.Add(
                    user.EligibleNow ? new Cell("yes", Tone.Good) : new Cell(user.StartTime is { } start && start.ToDateTimeOffset() > now ? "in " + Said.Span(start.ToDateTimeOffset() - now) : "no", Tone.Quiet),
                    user.UserEmail, user.UserName, Said.At(user.StartTime), Said.At(user.EndTime),
                    user.EscalationLevel > 0 ? user.EscalationLevel.ToString(CultureInfo.InvariantCulture) : "", string.Join(", ", user.ScheduleIds));
            }

            table.Write(terminal);
        }

        foreach (var required in answer.AlsoRequired)
        {
            terminal.Out.WriteLine(terminal.Painted(TerminalText.Shown($"also required: {required}"), Tone.Notable));
        }

        if (answer.KnownUntil is { } known)
        {
            terminal.Out.WriteLine(terminal.Painted($"shifts are known until {Said.At(known)}", Tone.Quiet));
        }
    }
}
