using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Border0.PdSidecar.PagerDuty.Rest.Wire;

namespace Border0.PdSidecar.PagerDuty.Webhooks;

/// <summary>
/// Reads a webhook's body. Lenient, since PagerDuty's samples differ in what they carry and new event types come: only
/// what is used is looked at, and what cannot be used is no error.
/// </summary>
internal static class WebhookParser
{
    // All of these carry the whole incident (data.type "incident"); any other event type changes neither status nor service.
    private static readonly ImmutableHashSet<string> IncidentEvents =
    [
        "incident.triggered", "incident.acknowledged", "incident.unacknowledged", "incident.resolved", "incident.reopened",
        "incident.reassigned", "incident.delegated", "incident.escalated", "incident.priority_updated",
        "incident.incident_type.changed", "incident.service_updated",
    ];

    /// <summary>False when the body is no webhook at all: no JSON object with an event that has a type.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out WebhookEvent? parsed)
    {
        parsed = null;
        try
        {
            using var document = JsonDocument.Parse(body);
            if (!TryObject(document.RootElement, "event", out var happened)
                || Text(happened, "event_type") is not { Length: > 0 } type)
            {
                return false;
            }

            var occurredAt = WireTime.Parse(Text(happened, "occurred_at")).Value;
            _ = TryObject(happened, "data", out var data);
            parsed = new WebhookEvent(
                Text(happened, "id") ?? "",
                type,
                occurredAt,
                IncidentEvents.Contains(type) ? Incident(type, happened, data) : null,
                type.StartsWith("service.", StringComparison.Ordinal) ? Text(data, "id") : null);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: text that is no valid UTF-16 (a lone surrogate).
            return false;
        }
    }

    private static WebhookIncident? Incident(string type, JsonElement happened, JsonElement data)
    {
        if (Text(data, "type") is not "incident"
            || Text(data, "id") is not { Length: > 0 } id
            || !TryObject(data, "service", out var service)
            || Text(service, "id") is not { Length: > 0 } serviceId)
        {
            return null;
        }

        // What the incident says of itself goes before what the event's name says; a status not known here counts for neither.
        var status = Text(data, "status");
        var resolved = status is null ? type == "incident.resolved" : status == "resolved";
        if (!resolved && status is not (null or "triggered" or "acknowledged"))
        {
            return null;
        }

        var acknowledged = status is null ? type == "incident.acknowledged" : status == "acknowledged";
        return new WebhookIncident(
            id,
            serviceId,
            resolved,
            acknowledged,
            data.TryGetProperty("number", out var n) && n.ValueKind == JsonValueKind.Number && n.TryGetInt32(out var number)
                ? number
                : 0,
            Text(data, "title") ?? "",
            Assignees(data),
            type == "incident.acknowledged" && TryObject(happened, "agent", out var agent)
                && Text(agent, "type") is "user_reference" or "user"
                ? Text(agent, "id")
                : null);
    }

    private static ImmutableArray<string> Assignees(JsonElement data) =>
        data.TryGetProperty("assignees", out var assignees) && assignees.ValueKind == JsonValueKind.Array
            ?
            [
                .. assignees.EnumerateArray().Where(a => a.ValueKind == JsonValueKind.Object).Select(a => Text(a, "id"))
                    .OfType<string>().Distinct().Order(StringComparer.Ordinal),
            ]
            : [];

    private static bool TryObject(JsonElement parent, string name, out JsonElement value)
    {
        value = default;
        return parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out value)
            && value.ValueKind == JsonValueKind.Object;
    }

    private static string? Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
