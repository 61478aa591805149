using System.Globalization;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>Writes a policy as Border0's policy document, and says what that document cannot say of it.</summary>
public static class PolicyDocumentWriter
{
    /// <summary>Writes a document of version "v1" or "v2".</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="version">"v1" or "v2".</param>
    /// <param name="losses">Gets a sentence for each thing of the policy that is not in the document.</param>
    public static Struct Write(Policy policy, string version, ICollection<string> losses)
    {
        var document = new Struct { Fields = { ["version"] = Value.ForString(version) } };
        if (version == "v1")
        {
            document.Fields["action"] = List(policy.Actions.OrderBy(a => a.Key, StringComparer.Ordinal).SelectMany(a => a.Value.Values.Select(v => $"{a.Key}:{v}")));
            if (policy.Permissions.Count > 0)
            {
                losses.Add("permissions: a v1 document has actions only");
            }
        }
        else
        {
            var permissions = new Struct();
            foreach (var (type, granted) in policy.Permissions.OrderBy(p => p.Key, StringComparer.Ordinal))
            {
                permissions.Fields[type] = Value.ForStruct(granted.Clone());
            }

            document.Fields["permissions"] = Value.ForStruct(permissions);
            if (policy.Actions.Count > 0)
            {
                losses.Add("actions: a v2 document has permissions only");
            }

            if (policy.Condition?.Who?.Domain.Count > 0)
            {
                losses.Add("condition.who.domain: a v2 document knows no domains");
            }
        }

        if (policy.Condition is { } condition)
        {
            document.Fields["condition"] = Value.ForStruct(Write(condition, version));
        }

        if (policy.Integrations.Count > 0)
        {
            document.Fields["integrations"] = Value.ForList([.. policy.Integrations.Select(i => Value.ForStruct(Write(i)))]);
        }

        foreach (var (field, isSet) in (ReadOnlySpan<(string, bool)>)
            [("revocation_grace", policy.RevocationGrace is not null), ("max_session_duration", policy.MaxSessionDuration is not null)])
        {
            if (isSet)
            {
                losses.Add($"{field}: a policy document has no such part");
            }
        }

        return document;
    }

    private static Struct Write(Condition condition, string version)
    {
        var result = new Struct();
        if (condition.Who is { } who)
        {
            var part = new Struct { Fields = { ["email"] = List(who.Email), ["group"] = List(who.Group), ["service_account"] = List(who.ServiceAccount) } };
            if (version == "v1")
            {
                part.Fields["domain"] = List(who.Domain);
            }

            result.Fields["who"] = Value.ForStruct(part);
        }

        if (condition.Where is { } where)
        {
            result.Fields["where"] = Value.ForStruct(new Struct
            {
                Fields = { ["allowed_ip"] = List(where.AllowedIp), ["country"] = List(where.Country), ["country_not"] = List(where.CountryNot) },
            });
        }

        if (condition.When is { } when)
        {
            var part = new Struct
            {
                Fields =
                {
                    ["after"] = Instant(when.After),
                    ["before"] = Instant(when.Before),
                    ["time_of_day_after"] = TextOrNull(when.TimeOfDayAfter),
                    ["time_of_day_before"] = TextOrNull(when.TimeOfDayBefore),
                },
            };
            if (when.TimeZone.Length > 0)
            {
                part.Fields["time_zone"] = Value.ForString(when.TimeZone);
            }

            result.Fields["when"] = Value.ForStruct(part);
        }

        return result;
    }

    private static Struct Write(IntegrationCondition condition)
    {
        var configuration = new Struct();
        if (condition.PagerdutyOncall is { } pagerDuty)
        {
            configuration.Fields["service_id"] = Value.ForString(pagerDuty.ServiceId);
            configuration.Fields["require_be_oncall"] = Value.ForBool(pagerDuty.RequireBeOncall);
            configuration.Fields["require_incident"] = Value.ForBool(pagerDuty.RequireIncident);
            if (pagerDuty.MaxEscalationLevel > 0)
            {
                configuration.Fields["max_escalation_level"] = Value.ForNumber(pagerDuty.MaxEscalationLevel);
            }

            if (pagerDuty.ScheduleIds.Count > 0)
            {
                configuration.Fields["schedule_ids"] = List(pagerDuty.ScheduleIds);
            }

            if (pagerDuty.IncidentInvolvement != IncidentInvolvement.Unspecified)
            {
                configuration.Fields["incident_involvement"] = Value.ForString(pagerDuty.IncidentInvolvement.ToString().ToLowerInvariant());
            }
        }

        var result = new Struct
        {
            Fields = { ["integration_name"] = Value.ForString(condition.IntegrationName), ["configuration"] = Value.ForStruct(configuration) },
        };
        if (condition.Mode != ConditionMode.Unspecified)
        {
            result.Fields["mode"] = Value.ForString(condition.Mode.ToString().ToLowerInvariant());
        }

        return result;
    }

    private static Value List(IEnumerable<string> items) => Value.ForList([.. items.Select(Value.ForString)]);

    private static Value TextOrNull(string text) => text.Length == 0 ? Value.ForNull() : Value.ForString(text);

    private static Value Instant(Timestamp? instant) => instant is null
        ? Value.ForNull()
        : Value.ForString(instant.ToDateTimeOffset().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));
}
