using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Border0.PdSidecar.Simulator.Webhooks;

/// <summary>The body of a V3 webhook.</summary>
internal static class WebhookBody
{
    /// <summary>What a subscription made for a sidecar asks for.</summary>
    public static readonly string[] EventTypes =
    [
        "incident.acknowledged", "incident.delegated", "incident.escalated", "incident.reassigned", "incident.reopened", "incident.resolved",
        "incident.service_updated", "incident.triggered", "incident.unacknowledged", "service.created", "service.deleted", "service.updated",
    ];

    public static byte[] Of(WebhookEvent happened, string eventId, string subdomain)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("event");
            json.WriteString("id", eventId);
            json.WriteString("event_type", happened.Type);
            json.WriteString("resource_type", happened.Type[..happened.Type.IndexOf('.', StringComparison.Ordinal)]);
            json.WriteString("occurred_at", happened.OccurredAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteNull("agent");
            json.WriteNull("client");
            json.WriteStartObject("data");
            WriteData(json, happened, subdomain);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteData(Utf8JsonWriter json, WebhookEvent happened, string subdomain)
    {
        if (happened.Incident is { } incident)
        {
            Header(json, "incidents", "incident", incident.Id, null, subdomain);
            json.WriteNumber("number", incident.Number);
            json.WriteString("status", incident.Status);
            json.WriteString("incident_key", incident.Id.ToLowerInvariant());
            json.WriteString("created_at", incident.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            json.WriteString("title", incident.Title);
            if (incident.ReopenedAt is { } reopened)
            {
                json.WriteString("reopened_at", reopened.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            }

            json.WriteStartObject("service");
            Header(json, "services", "service_reference", incident.Service.Id, incident.Service.Name, subdomain);
            json.WriteEndObject();
            json.WriteStartArray("assignees");
            foreach (var (user, _) in incident.Assignments)
            {
                json.WriteStartObject();
                Header(json, "users", "user_reference", user.Id, user.Name, subdomain);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartObject("escalation_policy");
            Header(json, "escalation_policies", "escalation_policy_reference", incident.Service.EscalationPolicy.Id, incident.Service.EscalationPolicy.Name, subdomain);
            json.WriteEndObject();
            json.WriteStartArray("teams");
            json.WriteEndArray();
            json.WriteNull("priority");
            json.WriteString("urgency", incident.Urgency);
            json.WriteNull("conference_bridge");
            if (incident.MergedInto is { } into)
            {
                json.WriteStartObject("resolve_reason");
                json.WriteString("type", "merge_resolve_reason");
                json.WriteStartObject("incident");
                Header(json, "incidents", "incident_reference", into.Id, into.Title, subdomain);
                json.WriteEndObject();
                json.WriteEndObject();
            }
            else
            {
                json.WriteNull("resolve_reason");
            }
        }
        else if (happened.Service is { } service)
        {
            Header(json, "services", "service", service.Id, service.Name, subdomain);
            json.WriteString("alert_creation", "create_alerts_and_incidents");
            json.WriteStartArray("teams");
            json.WriteEndArray();
        }
        else
        {
            json.WriteString("message", "Hello from your friend Pagey!");
            json.WriteString("type", "ping");
        }
    }

    private static void Header(Utf8JsonWriter json, string path, string type, string id, string? summary, string subdomain)
    {
        json.WriteString("id", id);
        json.WriteString("type", type);
        if (summary is not null)
        {
            json.WriteString("summary", summary);
        }

        json.WriteString("self", $"https://api.pagerduty.com/{path}/{id}");
        json.WriteString("html_url", $"https://{subdomain}.pagerduty.com/{path}/{id}");
    }
}
