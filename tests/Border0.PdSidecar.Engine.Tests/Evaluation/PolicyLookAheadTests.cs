using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Evaluation;

/// <summary>Tests of one policy for an instant ahead, and whom it lets in now and next.</summary>
public class PolicyLookAheadTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 15, 12, 0, 0, TimeSpan.Zero);
    private static readonly IntegrationKey Key = new("default", "pd");

    [Fact]
    public void Test_AtALaterShift_AllowsUntilItsEnd()
    {
        var test = Test(OnCallPolicy(), "bob@example.com", Now.AddHours(3));

        Assert.Equal(V1.Decision.Allow, test.Decision);
        Assert.Equal(Now.AddHours(4), test.ValidUntil.ToDateTimeOffset());
        Assert.Equal(Now.AddHours(3), test.Time.ToDateTimeOffset());
        Assert.Equal(Now.AddSeconds(-3), test.FactsTime.ToDateTimeOffset());
        Assert.Equal(["*"], test.AllowedActions["ssh"].Values);
    }

    [Fact]
    public void Test_AtTheHandOver_HasTheOldShiftOverAndTheNewOneBegun()
    {
        var handOver = Now.AddHours(2);

        Assert.Equal(V1.Decision.Deny, Test(OnCallPolicy(), "alice@example.com", handOver).Decision);
        Assert.Equal(V1.Decision.Allow, Test(OnCallPolicy(), "bob@example.com", handOver).Decision);
        Assert.Equal(V1.Decision.Deny, Test(OnCallPolicy(), "bob@example.com", handOver.AddTicks(-1)).Decision);
    }

    [Fact]
    public void Test_BeyondWhatIsKnown_SaysSoInsteadOfNotOnCall()
    {
        Assert.Equal([ReasonCode.NotOnCall], Codes(Test(OnCallPolicy(), "alice@example.com", Now.AddHours(12).AddTicks(-1))));
        Assert.Equal([ReasonCode.BeyondKnownWindows], Codes(Test(OnCallPolicy(), "alice@example.com", Now.AddHours(12))));
    }

    [Fact]
    public void Test_Ahead_JudgesFactsByTheirAgeNow()
    {
        var facts = Facts(age: 61);

        Assert.Equal(V1.Decision.Allow, Test(OnCallPolicy(), "bob@example.com", Now.AddHours(3)).Decision);
        Assert.Equal([ReasonCode.FactsStale], Codes(Test(OnCallPolicy(), "bob@example.com", Now.AddHours(3), facts)));
    }

    [Fact]
    public void Trace_TellsEveryConditionInOrder_HeldOrNot()
    {
        var policy = OnCallPolicy();
        policy.Condition = new Condition { Who = new WhoCondition { Email = { "bob@example.com" } } };
        policy.Integrations[0].PagerdutyOncall.RequireIncident = true;
        policy.Integrations.Add(Condition(onCall: false));
        var shadow = Condition(onCall: false);
        shadow.PagerdutyOncall.RequireIncident = true;
        shadow.Mode = ConditionMode.Shadow;
        policy.Integrations.Add(shadow);

        var trace = Test(policy, "alice@example.com", Now).Trace;

        Assert.False(trace.Holds);
        Assert.True(trace.Grants);
        Assert.Equal(1, trace.ShadowDenials);
        Assert.Equal(
            [
                ("condition.who", ConditionOutcome.Fail), ("condition.where", ConditionOutcome.Absent), ("condition.when", ConditionOutcome.Absent),
                ("integrations[0]", ConditionOutcome.Fail), ("integrations[1]", ConditionOutcome.NoOp), ("integrations[2]", ConditionOutcome.Fail),
            ],
            trace.Conditions.Select(c => (c.Condition, c.Outcome)));
        Assert.Equal(
            [("integrations[0].require_be_oncall", ConditionOutcome.Pass), ("integrations[0].require_incident", ConditionOutcome.Fail)],
            trace.Conditions[3].Parts.Select(c => (c.Condition, c.Outcome)));
        Assert.Equal([false, false, false, false, false, true], trace.Conditions.Select(c => c.Shadow));
        Assert.Equal(TimeSpan.FromSeconds(3), trace.Conditions[3].Parts[1].Reason.FactsAge.ToTimeSpan());
        Assert.Equal(Now.AddHours(2), trace.Conditions[3].Parts[0].ValidUntil.ToDateTimeOffset());
    }

    [Fact]
    public void Test_OfATypeThatIsNotGranted_DeniesThoughTheConditionsHold()
    {
        var test = Test(OnCallPolicy(), "alice@example.com", Now, type: "database");

        Assert.Equal(V1.Decision.Deny, test.Decision);
        Assert.True(test.Trace.Holds);
        Assert.False(test.Trace.Grants);
        Assert.Equal([ReasonCode.NoGrantForSocketType], Codes(test));
        Assert.Null(test.ValidUntil);
    }

    [Fact]
    public void Eligible_ListsThoseOfNowThenWhoIsNext()
    {
        var eligible = Eligible(OnCallPolicy());

        Assert.Equal(
            [("alice@example.com", true, Now.AddHours(-1), Now.AddHours(2)), ("bob@example.com", false, Now.AddHours(2), Now.AddHours(4))],
            eligible.Users.Select(u => (u.UserEmail, u.EligibleNow, u.StartTime.ToDateTimeOffset(), u.EndTime.ToDateTimeOffset())));
        Assert.Equal([1, 2], eligible.Users.Select(u => u.EscalationLevel));
        Assert.Equal(["S1"], eligible.Users[0].ScheduleIds);
        Assert.Empty(eligible.Users[1].ScheduleIds);
        Assert.False(eligible.NotLimitedToOnCall);
        Assert.Equal(Now.AddHours(12), eligible.KnownUntil.ToDateTimeOffset());
        Assert.Equal(Now.AddSeconds(-3), eligible.FactsTime.ToDateTimeOffset());
    }

    [Fact]
    public void Eligible_LeavesOutWhomTheLevelOrWhoExcludes()
    {
        var level = OnCallPolicy();
        level.Integrations[0].PagerdutyOncall.MaxEscalationLevel = 1;
        var who = OnCallPolicy();
        who.Condition = new Condition { Who = new WhoCondition { Email = { "BOB@example.com" } } };

        Assert.Equal(["alice@example.com"], Eligible(level).Users.Select(u => u.UserEmail));
        Assert.Equal(["bob@example.com"], Eligible(who).Users.Select(u => u.UserEmail));
    }

    [Fact]
    public void Eligible_WithoutTheIncidentThatIsRequired_IsNobodyNow()
    {
        var policy = OnCallPolicy();
        policy.Integrations[0].PagerdutyOncall.RequireIncident = true;

        var eligible = Eligible(policy);

        Assert.Equal([false, false], eligible.Users.Select(u => u.EligibleNow));
        Assert.Equal("Service Payments (PSVC) must have an open incident; it has none.", Assert.Single(eligible.AlsoRequired));
    }

    [Fact]
    public void Eligible_OfAPolicyThatAsksForNoDuty_SaysSo()
    {
        var policy = OnCallPolicy();
        policy.Integrations[0].Mode = ConditionMode.Shadow;

        var eligible = Eligible(policy);

        Assert.True(eligible.NotLimitedToOnCall);
        Assert.Empty(eligible.Users);
    }

    [Fact]
    public void Eligible_WhenNothingIsKnown_ListsNobodyAndSaysWhy()
    {
        var eligible = Evaluator.ListEligibleUsers(OnCallPolicy(), Policies(), FactsSnapshot.Empty, Now);

        Assert.Empty(eligible.Users);
        Assert.False(eligible.NotLimitedToOnCall);
        Assert.Null(eligible.KnownUntil);
        Assert.Contains("must be known", Assert.Single(eligible.AlsoRequired), StringComparison.Ordinal);
    }

    private static IEnumerable<ReasonCode> Codes(TestPolicyResponse test) => test.Reasons.Select(r => r.Code);

    private static ListEligibleUsersResponse Eligible(Policy policy) => Evaluator.ListEligibleUsers(policy, Policies(), Facts(3), Now);

    private static TestPolicyResponse Test(Policy policy, string user, DateTimeOffset at, FactsSnapshot? facts = null, string type = "ssh")
    {
        var request = new AccessRequest
        {
            OrganizationId = "default",
            SocketId = "",
            SocketType = type,
            UserEmail = user,
            ServiceAccount = "",
            ClientCountry = "",
        };
        return Evaluator.Test(policy, Policies(), facts ?? Facts(3), request, at, Now);
    }

    private static Policy OnCallPolicy() => new()
    {
        Name = "payments",
        OrganizationId = "default",
        Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
        Integrations = { Condition(onCall: true) },
    };

    private static IntegrationCondition Condition(bool onCall) => new()
    {
        IntegrationName = "pd",
        PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = "PSVC", RequireBeOncall = onCall },
    };

    private static PolicySnapshot Policies()
    {
        var catalog = new PolicyCatalog();
        catalog.Replace([], [new IntegrationSettings(Key, "pd", TimeSpan.FromSeconds(60), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30))]);
        return catalog.Current;
    }

    /// <summary>Alice is on call until two hours from now at level 1, then Bob for two hours at level 2; no incident is open.</summary>
    private static FactsSnapshot Facts(int age)
    {
        var asOf = Now.AddSeconds(-age);
        var store = new FactsStore();
        store.Apply(Key, new FactsUpdate
        {
            Services = [new ServiceFacts { Id = "PSVC", Exists = true, Name = "Payments", EscalationPolicyId = "PEP", AsOf = asOf }],
            Incidents = [new IncidentFacts { ServiceId = "PSVC", AsOf = asOf }],
            EscalationPolicies =
            [
                new EscalationPolicyFacts
                {
                    Id = "PEP",
                    Name = "Payments EP",
                    AsOf = asOf,
                    KnownUntil = Now.AddHours(12),
                    Shifts =
                    [
                        new OnCallShift(new PagerDutyUser("U1", "Alice", "alice@example.com"), 1, "S1", Now.AddHours(-1), Now.AddHours(2)),
                        new OnCallShift(new PagerDutyUser("U2", "Bob", "bob@example.com"), 2, null, Now.AddHours(2), Now.AddHours(4)),
                        new OnCallShift(new PagerDutyUser("U3", "Gone", ""), 1, null, null, null),
                    ],
                },
            ],
        });
        return store.Current;
    }
}
