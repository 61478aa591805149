using System.Text;
using Border0.PdSidecar.Fleet.Passing;
using Border0.PdSidecar.PagerDuty.Webhooks;

namespace Border0.PdSidecar.Fleet.Tests.Passing;

public class PassedEventTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly WebhookEvent Resolved = new("E1", "incident.resolved", Start, new WebhookIncident("Q1", "P1", true, false, 7, "down", ["U1"], null), null);

    [Fact]
    public void AnEvent_IsReadAsItWasWritten()
    {
        var read = PassedEvent.Read(new PassedEvent("W1", Resolved, Start).Write().Span)!;

        Assert.Equal(("W1", "E1", Start), (read.WebhookId, read.Id, read.Event.OccurredAt));
        Assert.Equal(("Q1", "P1", true, "U1"), (read.Event.Incident!.Id, read.Event.Incident.ServiceId, read.Event.Incident.Resolved, read.Event.Incident.AssigneeIds.Single()));
    }

    [Fact]
    public void EventsWithoutAnId_AreTheSameWhenTheySayTheSame()
    {
        var none = Resolved with { Id = "" };

        Assert.Equal(new PassedEvent(null, none, Start).Id, new PassedEvent("W2", none with { }, Start.AddSeconds(1)).Id);
        Assert.NotEqual(new PassedEvent(null, none, Start).Id, new PassedEvent(null, none with { OccurredAt = Start.AddSeconds(1) }, Start).Id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"Event":{"Id":"E"}}""")]
    [InlineData("""{"Event":{"Id":"E","Type":"t","Incident":{"Id":"Q","ServiceId":"","Title":"","AssigneeIds":[]}},"SentAt":"2026-03-02T09:00:00+00:00"}""")]
    public void WhatIsNoEvent_IsNone(string json) => Assert.Null(PassedEvent.Read(Encoding.UTF8.GetBytes(json)));
}
