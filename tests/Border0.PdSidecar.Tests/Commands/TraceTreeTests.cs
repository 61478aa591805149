using Border0.PdSidecar.Commands;
using Border0.PdSidecar.Commands.Policies;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Tests.Commands;

/// <summary>A policy's trace, and who is next, on a terminal.</summary>
public class TraceTreeTests
{
    [Fact]
    public void Tree_ShowsEveryCondition_WithItsPartsBelow()
    {
        var terminal = ToolRun.Terminal();
        TraceTree.Write(terminal, Trace());
        Assert.Equal(
            """
            policy p does not hold
            ├─ · condition.who: not asked for
            ├─ ✘ integrations[0]: not all hold
            │  ├─ ✔ require_be_oncall: alice is on call [until 1970-01-01 00:01:00Z]
            │  └─ ✘ require_incident: no \u001b[31mincident
            └─ ✘ integrations[1] (shadow): nobody
            1 shadow condition would have denied

            """,
            terminal.Out.ToString());
    }

    [Fact]
    public void Tree_IsGreenAndRed_OnATerminalThatWantsIt()
    {
        var terminal = ToolRun.Terminal(isTerminal: true);
        TraceTree.Write(terminal, Trace());
        var text = terminal.Out.ToString()!;
        Assert.Contains("├─ \u001b[32m✔ require_be_oncall\u001b[0m: alice", text, StringComparison.Ordinal);
        Assert.Contains("└─ \u001b[31m✘ require_incident\u001b[0m: no \\u001b[31m", text, StringComparison.Ordinal);
        Assert.Contains("└─ \u001b[33m✘ integrations[1] (shadow)\u001b[0m", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_TellsNowAndNext_AndWhatElseIsRequired()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UnixEpoch);
        var terminal = new Terminal { Out = new StringWriter(), Error = new StringWriter(), In = TextReader.Null, Variable = _ => null, Time = clock };
        WhoCommand.Write(terminal, new ListEligibleUsersResponse
        {
            Users =
            {
                new EligibleUser { UserEmail = "bob@example.com", UserName = "Bob", EligibleNow = true, EndTime = At(3600), EscalationLevel = 1, ScheduleIds = { "S1" } },
                new EligibleUser { UserEmail = "carol@example.com", UserName = "Carol", StartTime = At(3600), EscalationLevel = 1 },
            },
            AlsoRequired = { "Service P1 must have an open incident." },
            KnownUntil = At(7200),
        });
        Assert.Equal(
            """
            NOW    USER               NAME   FROM                  UNTIL                 LEVEL  SCHEDULES
            yes    bob@example.com    Bob    -                     1970-01-01 01:00:00Z  1      S1
            in 1h  carol@example.com  Carol  1970-01-01 01:00:00Z  -                     1      -
            also required: Service P1 must have an open incident.
            shifts are known until 1970-01-01 02:00:00Z

            """,
            terminal.Out.ToString());
    }

    [Fact]
    public void Who_OfAPolicyForAnybody_ListsNobody()
    {
        var terminal = ToolRun.Terminal();
        WhoCommand.Write(terminal, new ListEligibleUsersResponse { NotLimitedToOnCall = true });
        Assert.Equal("The policy does not ask who is on call.\n", terminal.Out.ToString());
    }

    [Theory]
    [InlineData("1970-01-01T01:00:00Z", 3600)]
    [InlineData("1970-01-01T02:00+01:00", 3600)]
    [InlineData("1970-01-01 01:00", 3600)]
    [InlineData("+90m", 5400)]
    public void Instant_IsRead(string text, long seconds) => Assert.Equal(seconds, TestCommand.Instant(text, DateTimeOffset.UnixEpoch)!.Seconds);

    [Theory]
    [InlineData("tomorrow")]
    [InlineData("2h")]
    [InlineData("+1e300s")]
    [InlineData("+99999999d")]
    [InlineData("")]
    public void Instant_ThatIsNone_IsRefused(string text) =>
        Assert.Equal(ExitCodes.Wrong, Assert.Throws<CommandException>(() => TestCommand.Instant(text, DateTimeOffset.UnixEpoch)).ExitCode);

    private static Timestamp At(long seconds) => new() { Seconds = seconds };

    private static PolicyTrace Trace() => new()
    {
        PolicyName = "p",
        Grants = true,
        ShadowDenials = 1,
        Conditions =
        {
            new ConditionTrace { Condition = "condition.who", Outcome = ConditionOutcome.Absent },
            new ConditionTrace
            {
                Condition = "integrations[0]",
                Outcome = ConditionOutcome.Fail,
                Reason = new Reason { Message = "not all hold" },
                Parts =
                {
                    new ConditionTrace
                    {
                        Condition = "integrations[0].require_be_oncall", Outcome = ConditionOutcome.Pass, Reason = new Reason { Message = "alice is on call" }, ValidUntil = At(60),
                    },
                    new ConditionTrace { Condition = "integrations[0].require_incident", Outcome = ConditionOutcome.Fail, Reason = new Reason { Message = "no \u001b[31mincident" } },
                },
            },
            new ConditionTrace { Condition = "integrations[1]", Outcome = ConditionOutcome.Fail, Shadow = true, Reason = new Reason { Message = "nobody" } },
        },
    };
}
