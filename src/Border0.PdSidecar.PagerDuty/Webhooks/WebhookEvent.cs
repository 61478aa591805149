using System.Collections.Immutable;

namespace Border0.PdSidecar.PagerDuty.Webhooks;

/// <summary>What a webhook says, as far as it is of use here.</summary>
/// <param name="Id">The event's id; empty when it has none.</param>
/// <param name="Type">The event type, e.g. <c>incident.triggered</c>.</param>
/// <param name="OccurredAt">When it happened, by PagerDuty's clock; null when not understood.</param>
/// <param name="Incident">The incident as it is since; null when the event tells no incident's state.</param>
/// <param name="ServiceId">The service that a <c>service.*</c> event is about; null otherwise.</param>
internal sealed record WebhookEvent(
    string Id, string Type, DateTimeOffset? OccurredAt, WebhookIncident? Incident, string? ServiceId);

/// <summary>The state of an incident that an event tells.</summary>
/// <param name="Id">PagerDuty's id.</param>
/// <param name="ServiceId">The service that it belongs to since.</param>
/// <param name="Resolved">It is over.</param>
/// <param name="Acknowledged">It is acknowledged (else triggered).</param>
/// <param name="Number">The number people use; 0 when not told.</param>
/// <param name="Title">The title, or empty.</param>
/// <param name="AssigneeIds">Ids of the users it is assigned to (events carry no e-mail addresses).</param>
/// <param name="AcknowledgedBy">Id of the user who acknowledged it with this event; null when not told.</param>
internal sealed record WebhookIncident(
    string Id,
    string ServiceId,
    bool Resolved,
    bool Acknowledged,
    int Number,
    string Title,
    ImmutableArray<string> AssigneeIds,
    string? AcknowledgedBy);
