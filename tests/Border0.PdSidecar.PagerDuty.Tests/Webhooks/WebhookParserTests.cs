using System.Text;
using Border0.PdSidecar.PagerDuty.Webhooks;

namespace Border0.PdSidecar.PagerDuty.Tests.Webhooks;

/// <summary>What is read of a delivery, and what is left alone.</summary>
public class WebhookParserTests
{
    private const string Whole = """
        "id":"Q1","type":"incident","number":12,"status":"triggered","title":"Down","service":{"id":"PSVC"},
        "assignees":[{"id":"U2"},{"id":"U1"},{"id":"U2"}]
        """;

    [Fact]
    public void AnIncident_IsReadWhole()
    {
        var parsed = Event("incident.triggered", Whole)!;

        Assert.Equal(("E1", "incident.triggered"), (parsed.Id, parsed.Type));
        Assert.Equal(new DateTimeOffset(2026, 6, 15, 12, 0, 0, TimeSpan.Zero), parsed.OccurredAt);
        Assert.Null(parsed.ServiceId);
        var incident = parsed.Incident!;
        Assert.Equal(("Q1", "PSVC", false, false, 12, "Down"), (incident.Id, incident.ServiceId, incident.Resolved, incident.Acknowledged, incident.Number, incident.Title));
        Assert.Equal(["U1", "U2"], incident.AssigneeIds.ToArray());
        Assert.Null(incident.AcknowledgedBy);
    }

    [Theory]
    [InlineData("incident.triggered")]
    [InlineData("incident.acknowledged")]
    [InlineData("incident.unacknowledged")]
    [InlineData("incident.resolved")]
    [InlineData("incident.reopened")]
    [InlineData("incident.reassigned")]
    [InlineData("incident.delegated")]
    [InlineData("incident.escalated")]
    [InlineData("incident.priority_updated")]
    [InlineData("incident.incident_type.changed")]
    [InlineData("incident.service_updated")]
    public void EveryEventWithAWholeIncident_TellsItsState(string type) => Assert.Equal("Q1", Event(type, Whole)!.Incident!.Id);

    [Theory]
    [InlineData("incident.annotated")]
    [InlineData("incident.responder.added")]
    [InlineData("pagey.ping")]
    public void OtherEvents_TellNone(string type) => Assert.Null(Event(type, Whole)!.Incident);

    [Theory]
    [InlineData("incident.triggered", "resolved", true, false)]
    [InlineData("incident.resolved", "triggered", false, false)]
    [InlineData("incident.triggered", "acknowledged", false, true)]
    [InlineData("incident.acknowledged", "triggered", false, false)]
    public void WhatTheIncidentSaysOfItself_GoesBeforeTheEventsName(string type, string status, bool resolved, bool acknowledged)
    {
        var incident = Event(type, Whole.Replace("triggered", status, StringComparison.Ordinal))!.Incident!;

        Assert.Equal((resolved, acknowledged), (incident.Resolved, incident.Acknowledged));
    }

    [Theory]
    [InlineData("incident.resolved", true, false)]
    [InlineData("incident.acknowledged", false, true)]
    [InlineData("incident.triggered", false, false)]
    public void WithoutAStatus_TheEventsNameTells(string type, bool resolved, bool acknowledged)
    {
        var incident = Event(type, Whole.Replace("\"status\":\"triggered\",", "", StringComparison.Ordinal))!.Incident!;

        Assert.Equal((resolved, acknowledged), (incident.Resolved, incident.Acknowledged));
    }

    [Fact]
    public void AStatusThatIsNotKnown_CountsForNothing() =>
        Assert.Null(Event("incident.resolved", Whole.Replace("triggered", "snoozed", StringComparison.Ordinal))!.Incident);

    [Theory]
    [InlineData("\"type\":\"incident\"", "\"type\":\"incident_note\"")]
    [InlineData("\"id\":\"Q1\",", "")]
    [InlineData("\"id\":\"Q1\"", "\"id\":\"\"")]
    [InlineData("\"id\":\"Q1\"", "\"id\":7")]
    [InlineData("\"service\":{\"id\":\"PSVC\"}", "\"service\":null")]
    [InlineData("\"service\":{\"id\":\"PSVC\"}", "\"service\":\"PSVC\"")]
    [InlineData("\"service\":{\"id\":\"PSVC\"}", "\"service\":{}")]
    [InlineData("\"service\":{\"id\":\"PSVC\"}", "\"service\":{\"id\":\"\"}")]
    public void AnIncidentThatCannotBePlaced_IsNone(string part, string instead)
    {
        var parsed = Event("incident.triggered", Whole.Replace(part, instead, StringComparison.Ordinal));

        Assert.NotNull(parsed);
        Assert.Null(parsed.Incident);
    }

    [Theory]
    [InlineData("\"number\":12", "\"number\":\"12\"")]
    [InlineData("\"number\":12", "\"number\":12.5")]
    [InlineData("\"number\":12", "\"number\":99999999999")]
    [InlineData("\"number\":12", "\"other\":12")]
    public void ANumberThatIsNone_IsLeftOut(string part, string instead) =>
        Assert.Equal(0, Event("incident.triggered", Whole.Replace(part, instead, StringComparison.Ordinal))!.Incident!.Number);

    [Fact]
    public void ATitleThatIsMissing_IsEmpty() =>
        Assert.Equal("", Event("incident.triggered", Whole.Replace("\"title\":\"Down\",", "", StringComparison.Ordinal))!.Incident!.Title);

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1,null,{\"id\":5},{}]")]
    public void AssigneesThatAreNone_AreLeftOut(string assignees) =>
        Assert.Empty(Event("incident.triggered", Whole.Split("\"assignees\":", 2)[0] + "\"assignees\":" + assignees)!.Incident!.AssigneeIds);

    [Theory]
    [InlineData("incident.acknowledged", "{\"id\":\"U7\",\"type\":\"user_reference\"}", "U7")]
    [InlineData("incident.acknowledged", "{\"id\":\"U7\",\"type\":\"user\"}", "U7")]
    [InlineData("incident.acknowledged", "{\"id\":\"S7\",\"type\":\"service_reference\"}", null)]
    [InlineData("incident.acknowledged", "{\"id\":\"U7\"}", null)]
    [InlineData("incident.acknowledged", "null", null)]
    [InlineData("incident.reassigned", "{\"id\":\"U7\",\"type\":\"user_reference\"}", null)]
    public void WhoAcknowledged_IsTheUserWhoDidItWithThisEvent(string type, string agent, string? user) =>
        Assert.Equal(user, Event(type, Whole, agent)!.Incident!.AcknowledgedBy);

    [Theory]
    [InlineData("service.updated", "PSVC")]
    [InlineData("service.deleted", "PSVC")]
    [InlineData("incident.triggered", null)]
    [InlineData("servicedesk.changed", null)]
    public void AnEventOfAService_NamesIt(string type, string? service) => Assert.Equal(service, Event(type, "\"id\":\"PSVC\",\"type\":\"service\"")!.ServiceId);

    [Fact]
    public void AnInstantThatIsNotUnderstood_IsNone() => Assert.Null(Event("incident.triggered", Whole, occurredAt: "yesterday")!.OccurredAt);

    [Fact]
    public void AnEventWithoutAnId_HasAnEmptyOne()
    {
        Assert.True(WebhookParser.TryParse("{\"event\":{\"event_type\":\"pagey.ping\"}}"u8.ToArray(), out var parsed));
        Assert.Equal("", parsed.Id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"event\"")]
    [InlineData("{}")]
    [InlineData("{\"event\":null}")]
    [InlineData("{\"event\":[]}")]
    [InlineData("{\"event\":{}}")]
    [InlineData("{\"event\":{\"event_type\":\"\"}}")]
    [InlineData("{\"event\":{\"event_type\":5}}")]
    [InlineData("{\"event\":{\"event_type\":\"\\ud800\"}}")]
    public void WhatIsNoWebhook_IsToldSo(string body)
    {
        Assert.False(WebhookParser.TryParse(Encoding.UTF8.GetBytes(body), out var parsed));
        Assert.Null(parsed);
    }

    private static WebhookEvent? Event(string type, string data, string agent = "null", string occurredAt = "2026-06-15T12:00:00.000Z") =>
        WebhookParser.TryParse(
            Encoding.UTF8.GetBytes($"{{\"event\":{{\"id\":\"E1\",\"event_type\":\"{type}\",\"occurred_at\":\"{occurredAt}\",\"agent\":{agent},\"data\":{{{data}}}}}}}"),
            out var parsed)
            ? parsed
            : null;
}
