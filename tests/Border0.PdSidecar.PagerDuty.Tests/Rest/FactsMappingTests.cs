using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Tests.Fakes;

namespace Border0.PdSidecar.PagerDuty.Tests.Rest;

public class FactsMappingTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Incidents_of_other_services_and_other_statuses_are_left_out()
    {
        // A filter that the server does not recognise may be ignored: the whole account's rows come then.
        var client = Clients.Answering("""
            {"incidents":[
              {"id":"Q1","status":"triggered","service":{"id":"PS1"},"incident_number":7,"title":"Down"},
              {"id":"Q2","status":"triggered","service":{"id":"PSTRANGER"}},
              {"id":"Q3","status":"resolved","service":{"id":"PS1"}},
              {"id":"Q4","status":"merged_or_whatever_comes","service":{"id":"PS1"}},
              {"id":"Q5","status":"acknowledged","service":{"id":"PS1"},"acknowledgements":null,"assignments":null},
              {"status":"triggered","service":{"id":"PSTRANGER"}}
            ],"more":false}
            """);

        var facts = (await client.ListOpenIncidentsAsync(["PS1", "PS2"], RequestPriority.OnDemand, default)).Value!.Facts;

        Assert.Equal(["PS1", "PS2"], facts.Select(f => f.ServiceId));
        Assert.Equal<OpenIncident>(
            [new OpenIncident { Id = "Q1", Number = 7, Title = "Down" }, new OpenIncident { Id = "Q5", Acknowledged = true }],
            facts[0].Open);
        Assert.Empty(facts[1].Open);
    }

    [Theory]
    [InlineData("""{"id":null,"status":"triggered","service":{"id":"PS1"}}""", "PS2")]
    [InlineData("""{"status":"triggered","service":{"id":"PS1"}}""", "PS2")]
    [InlineData("""{"id":"Q1","service":{"id":"PS1"}}""", "PS2")]
    [InlineData("""{"id":"Q1","status":"triggered","service":null}""", "")]
    [InlineData("""{"id":"Q1","status":"triggered"}""", "")]
    [InlineData("null", "")]
    public async Task A_damaged_incident_leaves_unknown_what_it_may_be_about(string row, string known)
    {
        // Whether it is the incident that keeps somebody's session is not known: it must not seem to be gone.
        var client = Clients.Answering($$$"""{"incidents":[{"id":"Q9","status":"triggered","service":{"id":"PS2"}},{{{row}}}],"more":false}""");

        var answer = (await client.ListOpenIncidentsAsync(["PS1", "PS2"], RequestPriority.OnDemand, default)).Value!;

        Assert.Equal(known, string.Join(' ', answer.Facts.Select(f => f.ServiceId)));
        Assert.Contains("PS1", answer.Damage);
    }

    [Fact]
    public async Task Involved_users_come_with_their_email_in_lower_case()
    {
        var client = Clients.Answering("""
            {"incidents":[{"id":"Q1","status":"acknowledged","service":{"id":"PS1"},
              "assignments":[{"assignee":{"id":"PU1","type":"user","name":"Alice","email":"Alice@Example.com"}},null,{"assignee":null}],
              "acknowledgements":[{"acknowledger":{"id":"PU2","type":"user_reference","summary":"Bob"}}]}]}
            """);

        var incident = (await client.ListOpenIncidentsAsync(["PS1"], RequestPriority.OnDemand, default)).Value!.Facts[0].Open[0];

        Assert.Equal(new PagerDutyUser("PU1", "Alice", "alice@example.com"), Assert.Single(incident.Assignees));
        Assert.Equal(new PagerDutyUser("PU2", "Bob", ""), Assert.Single(incident.Acknowledgers));
    }

    [Fact]
    public async Task All_open_incidents_are_asked_for_however_old()
    {
        var handler = new ScriptedHandler(_ => ScriptedHandler.Json("""{"incidents":[]}"""));

        await Clients.Of(handler).ListOpenIncidentsAsync(["PS1", "PS2"], RequestPriority.OnDemand, default);

        var request = Assert.Single(handler.Requests);
        Assert.Equal(["all"], ScriptedHandler.Query(request, "date_range"));
        Assert.Equal(["triggered", "acknowledged"], ScriptedHandler.Query(request, "statuses[]"));
        Assert.Equal(["PS1", "PS2"], ScriptedHandler.Query(request, "service_ids[]"));
        Assert.Empty(ScriptedHandler.Query(request, "since"));
    }

    [Fact]
    public async Task On_call_rows_are_read_with_null_bounds_and_every_form_of_time()
    {
        var shifts = await ShiftsAsync("""
            {"user":{"id":"PU1","type":"user","name":"Alice","email":"Alice@Example.com"},"schedule":{"id":"PSCHED1"},
             "escalation_policy":{"id":"PEP1","summary":"Payments"},"escalation_level":1,
             "start":"2026-11-23T03:30-07","end":"2026-11-23T15:28:51-05:00"},
            {"user":{"id":"PU2","email":"bob@example.com"},"schedule":null,
             "escalation_policy":{"id":"PEP1"},"escalation_level":13,"start":null,"end":null}
            """);

        Assert.Equal(
            [
                new OnCallShift(
                    new PagerDutyUser("PU1", "Alice", "alice@example.com"), 1, "PSCHED1",
                    new DateTimeOffset(2026, 11, 23, 10, 30, 0, TimeSpan.Zero),
                    new DateTimeOffset(2026, 11, 23, 20, 28, 51, TimeSpan.Zero)),
                new OnCallShift(new PagerDutyUser("PU2", "", "bob@example.com"), 13, null, null, null),
            ],
            shifts);
    }

    [Theory]
    [InlineData("""{"user":{"id":"PU1","email":"a@x"},"escalation_policy":{"id":"PSTRANGER"},"escalation_level":1,"start":null,"end":null}""")]
    [InlineData("""{"user":null,"escalation_policy":{"id":"PSTRANGER"},"escalation_level":1,"start":null,"end":null}""")]
    [InlineData("""{"user":{"id":"PU1","email":"a@x"},"escalation_policy":{"id":"PEP1"},"escalation_level":1,"start":"2026-11-23T12:00:00Z","end":"2026-11-23T12:00:00Z"}""")]
    public async Task A_row_of_another_policy_or_of_no_time_puts_nobody_on_call(string row) =>
        Assert.Empty(await ShiftsAsync(row));

    [Theory]
    [InlineData("""{"user":{"id":"PU1","email":"a@x"},"escalation_policy":null,"escalation_level":1,"start":null,"end":null}""")]
    [InlineData("""{"user":null,"escalation_policy":{"id":"PEP1"},"escalation_level":1,"start":null,"end":null}""")]
    [InlineData("""{"escalation_policy":{"id":"PEP1"},"escalation_level":1,"start":null,"end":null}""")]
    [InlineData("""{"user":{"email":"a@x"},"escalation_policy":{"id":"PEP1"},"escalation_level":1,"start":null,"end":null}""")]
    [InlineData("""{"user":{"id":"PU1","email":"a@x"},"escalation_policy":{"id":"PEP1"},"start":null,"end":null}""")]
    [InlineData("""{"user":{"id":"PU1","email":"a@x"},"escalation_policy":{"id":"PEP1"},"escalation_level":1,"start":null}""")]
    [InlineData("""{"user":{"id":"PU1","email":"a@x"},"escalation_policy":{"id":"PEP1"},"escalation_level":1,"end":null}""")]
    [InlineData("""{"user":{"id":"PU1","email":"a@x"},"escalation_policy":{"id":"PEP1"},"escalation_level":1,"start":null,"end":""}""")]
    [InlineData("""{"user":{"id":"PU1","email":"a@x"},"escalation_policy":{"id":"PEP1"},"escalation_level":1,"start":null,"end":"soon"}""")]
    [InlineData("""{"user":{"id":"PU1","email":"a@x"},"escalation_policy":{"id":"PEP1"},"escalation_level":1,"start":null,"end":1764000000}""")]
    [InlineData("""{"user":{"id":"PU1","email":"a@x"},"escalation_policy":{"id":"PEP1"},"escalation_level":1,"start":"2026-11-23T10:00:00","end":null}""")]
    [InlineData("""{"user":{"id":"PU1","email":"a@x"},"escalation_policy":{"id":"PEP1"},"escalation_level":1,"start":"2026-11-23","end":null}""")]
    [InlineData("""{"user":{"id":"PU1","email":"a@x"},"schedule":{},"escalation_policy":{"id":"PEP1"},"escalation_level":1,"start":null,"end":null}""")]
    [InlineData("null")]
    public async Task A_damaged_on_call_entry_leaves_unknown_who_is_on_call(string row)
    {
        var answer = (await OnCallsAsync(row)).Value!;

        Assert.Empty(answer.Facts);
        Assert.Contains("PEP1", answer.Damage);
    }

    [Fact]
    public async Task A_user_without_email_is_shown_and_matches_nobody()
    {
        var shift = Assert.Single(await ShiftsAsync("""
            {"user":{"id":"PU1","type":"user_reference","summary":"Gone"},"escalation_policy":{"id":"PEP1"},"escalation_level":1,"start":null,"end":null}
            """));

        Assert.Equal(new PagerDutyUser("PU1", "Gone", ""), shift.User);
    }

    [Fact]
    public async Task The_same_row_on_two_pages_counts_once_and_order_does_not_matter()
    {
        const string Row = """{"user":{"id":"PU{0}","email":"a@x"},"escalation_policy":{"id":"PEP1"},"escalation_level":1,"start":null,"end":null}""";
        var one = Row.Replace("{0}", "1", StringComparison.Ordinal);
        var two = Row.Replace("{0}", "2", StringComparison.Ordinal);

        var first = await ShiftsAsync($"{one},{two},{one}");
        var second = await ShiftsAsync($"{two},{one}");

        Assert.Equal(2, first.Count);
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task Extra_fields_and_odd_types_elsewhere_do_no_harm()
    {
        var result = await Clients.Answering("""
            {"service":{"id":"PS1","name":17,"summary":"Payments","status":["x"],"created_via_sso":"true,",
             "escalation_policy":{"id":"PEP1","type":"escalation_policy_reference","summary":"EP","extra":{"a":[1]}},"teams":"none"}}
            """).GetServiceAsync("PS1", RequestPriority.OnDemand, default);

        Assert.Equal("Payments", result.Value!.Facts.Name);
        Assert.Equal("PEP1", result.Value.Facts.EscalationPolicyId);
        Assert.Equal("EP", result.Value.EscalationPolicyName);
    }

    private static Task<PagerDutyResult<Fetched<EscalationPolicyFacts>>> OnCallsAsync(string rows) =>
        Clients.Answering($$"""{"oncalls":[{{rows}}],"limit":100,"offset":0,"more":false,"total":null}""")
            .ListOnCallsAsync(["PEP1"], new Dictionary<string, string>(), Now, Now.AddHours(12), RequestPriority.OnDemand, default);

    private static async Task<IReadOnlyList<OnCallShift>> ShiftsAsync(string rows)
    {
        var result = await OnCallsAsync(rows);
        Assert.Equal("", result.Value!.Damage);
        Assert.Equal(Now, result.Value.Facts[0].AsOf);
        Assert.Equal(Now.AddHours(12), result.Value.Facts[0].KnownUntil);
        return result.Value.Facts[0].Shifts;
    }
}
