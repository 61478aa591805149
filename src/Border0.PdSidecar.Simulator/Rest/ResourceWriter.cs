using System.Globalization;
using System.Text.Json;
using Border0.PdSidecar.Simulator.Model;

namespace Border0.PdSidecar.Simulator.Rest;

/// <summary>Writes resources as PagerDuty does: whole, or as references.</summary>
internal sealed class ResourceWriter(Utf8JsonWriter json, string subdomain, TimeZoneInfo zone)
{
    public Utf8JsonWriter Json => json;

    public void Time(string name, DateTimeOffset? time)
    {
        if (time is { } t)
        {
            var local = TimeZoneInfo.ConvertTime(t, zone);
            json.WriteString(name, local.ToString(local.Offset == TimeSpan.Zero ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture));
        }
        else
        {
            json.WriteNull(name);
        }
    }

    public void Object(string? name, Action write)
    {
        if (name is null)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartObject(name);
        }

        write();
        json.WriteEndObject();
    }

    public void Array<T>(string name, IEnumerable<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            write(item);
        }

        json.WriteEndArray();
    }

    public void Reference(string? name, string path, string type, string id, string summary) =>
        Object(name, () => Header(path, type, id, summary));

    public void User(string? name, SimulatedUser user, bool full)
    {
        if (!full || user.Deleted)
        {
            Reference(name, "users", "user_reference", user.Id, user.Name);
            return;
        }

        Object(name, () =>
        {
            json.WriteString("name", user.Name);
            json.WriteString("email", user.Email);
            json.WriteString("time_zone", "Etc/UTC");
            json.WriteString("color", "purple");
            json.WriteString("avatar_url", "https://secure.example.com/avatar.png");
            json.WriteBoolean("billed", true);
            json.WriteString("role", user.Role);
            json.WriteNull("description");
            json.WriteBoolean("invitation_sent", false);
            json.WriteNull("job_title");
            json.WriteStartArray("teams");
            json.WriteEndArray();
            json.WriteStartArray("contact_methods");
            json.WriteEndArray();
            json.WriteStartArray("notification_rules");
            json.WriteEndArray();
            Header("users", "user", user.Id, user.Name);
        });
    }

    public void Schedule(string? name, SimulatedSchedule schedule, bool full)
    {
        if (!full)
        {
            Reference(name, "schedules", "schedule_reference", schedule.Id, schedule.Name);
            return;
        }

        Object(name, () =>
        {
            json.WriteString("name", schedule.Name);
            json.WriteString("time_zone", "Etc/UTC");
            json.WriteString("description", "");
            Array<int>("escalation_policies", [], _ => { });
            Array("users", schedule.Shifts.Select(s => s.User).Distinct(), u => User(null, u, false));
            Array<int>("teams", [], _ => { });
            Header("schedules", "schedule", schedule.Id, schedule.Name);
        });
    }

    public void EscalationPolicy(string? name, SimulatedEscalationPolicy policy, bool full)
    {
        if (!full || policy.Deleted)
        {
            Reference(name, "escalation_policies", "escalation_policy_reference", policy.Id, policy.Name);
            return;
        }

        Object(name, () =>
        {
            json.WriteString("name", policy.Name);
            json.WriteNull("description");
            json.WriteNumber("num_loops", 0);
            json.WriteString("on_call_handoff_notifications", "if_has_services");
            var level = 0;
            Array("escalation_rules", policy.Levels, targets => Object(null, () =>
            {
                json.WriteString("id", $"{policy.Id}R{++level}");
                json.WriteNumber("escalation_delay_in_minutes", 30);
                json.WriteString("escalation_rule_assignment_strategy", "assign_to_everyone");
                Array("targets", targets, t =>
                {
                    if (t.User is { } user)
                    {
                        User(null, user, false);
                    }
                    else
                    {
                        Schedule(null, t.Schedule!, false);
                    }
                });
            }));
            Array<int>("services", [], _ => { });
            Array<int>("teams", [], _ => { });
            Header("escalation_policies", "escalation_policy", policy.Id, policy.Name);
        });
    }

    public void Service(string? name, SimulatedService service, string status, bool fullPolicy)
    {
        Object(name, () =>
        {
            json.WriteString("name", service.Name);
            json.WriteString("description", "");
            json.WriteNumber("auto_resolve_timeout", 14400);
            json.WriteNumber("acknowledgement_timeout", 1800);
            Time("created_at", service.CreatedAt);
            json.WriteString("status", status);
            json.WriteNull("last_incident_timestamp");
            Array<int>("teams", [], _ => { });
            EscalationPolicy("escalation_policy", service.EscalationPolicy, fullPolicy);
            Object("incident_urgency_rule", () =>
            {
                json.WriteString("type", "constant");
                json.WriteString("urgency", "high");
            });
            json.WriteNull("support_hours");
            Array<int>("scheduled_actions", [], _ => { });
            json.WriteString("alert_creation", "create_alerts_and_incidents");
            Array<int>("integrations", [], _ => { });
            Header("services", "service", service.Id, service.Name);
        });
    }

    public void ServiceReference(string name, SimulatedService service) =>
        Reference(name, "services", "service_reference", service.Id, service.Name);

    public void Incident(string? name, SimulatedIncident incident, bool users, Action<SimulatedService>? fullService)
    {
        Object(name, () =>
        {
            json.WriteNumber("incident_number", incident.Number);
            json.WriteString("title", incident.Title);
            json.WriteString("description", incident.Title);
            Time("created_at", incident.CreatedAt);
            Time("updated_at", incident.StatusChangedAt);
            json.WriteString("status", incident.Status);
            json.WriteString("incident_key", incident.Id.ToLowerInvariant());
            if (fullService is null)
            {
                ServiceReference("service", incident.Service);
            }
            else
            {
                fullService(incident.Service);
            }

            Array("assignments", incident.Assignments, a => Object(null, () =>
            {
                Time("at", a.At);
                User("assignee", a.User, users);
            }));
            json.WriteString("assigned_via", "escalation_policy");
            Time("last_status_change_at", incident.StatusChangedAt);
            Time("resolved_at", incident.Status == "resolved" ? incident.StatusChangedAt : null);
            Object("alert_counts", () =>
            {
                json.WriteNumber("all", 0);
                json.WriteNumber("triggered", 0);
                json.WriteNumber("resolved", 0);
            });
            EscalationPolicy("escalation_policy", incident.Service.EscalationPolicy, false);
            Array<int>("teams", [], _ => { });
            Array<DateTimeOffset>("pending_actions", incident.SnoozedUntil is { } until ? [until] : [], at => Object(null, () =>
            {
                json.WriteString("type", "unacknowledge");
                Time("at", at);
            }));
            Array("acknowledgements", incident.Acknowledgements, a => Object(null, () =>
            {
                Time("at", a.At);
                User("acknowledger", a.User, users);
            }));
            if (incident.MergedInto is { } into)
            {
                Object("resolve_reason", () =>
                {
                    json.WriteString("type", "merge_resolve_reason");
                    Reference("incident", "incidents", "incident_reference", into.Id, into.Title);
                });
            }

            json.WriteString("urgency", incident.Urgency);
            Header("incidents", "incident", incident.Id, $"[#{incident.Number}] {incident.Title}");
        });
    }

    public void Header(string path, string type, string id, string summary)
    {
        json.WriteString("id", id);
        json.WriteString("type", type);
        json.WriteString("summary", summary);
        json.WriteString("self", $"https://api.pagerduty.com/{path}/{id}");
        json.WriteString("html_url", $"https://{subdomain}.pagerduty.com/{path}/{id}");
    }
}
