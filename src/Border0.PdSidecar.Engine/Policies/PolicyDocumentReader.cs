using System.Globalization;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.V1;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>
/// Reads Border0's policy document (`policy_data`), version "v1" (action, condition, integrations) or "v2" (permissions, condition,
/// integrations), into a policy. What it does not know it refuses: a misspelt restriction must not be dropped in silence. Nulls stand
/// for absent parts, as Border0 writes them.
/// </summary>
public sealed class PolicyDocumentReader
{
    private static readonly string[] DateForms =
    [
        "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmzzz", "yyyy-MM-dd'T'HH:mm:sszzz",
    ];

    private readonly FieldViolations _found;

    private PolicyDocumentReader(FieldViolations found) => _found = found;

    /// <summary>Puts a document's parts into a policy that does not have them.</summary>
    /// <param name="document">The document.</param>
    /// <param name="policy">Gets actions or permissions, condition and integrations.</param>
    /// <param name="field">The document's own path: "policy_document".</param>
    /// <param name="found">Where violations go.</param>
    public static void Read(Struct document, Policy policy, string field, FieldViolations found)
    {
        foreach (var (part, isThere) in (ReadOnlySpan<(string, bool)>)
            [("actions", policy.Actions.Count > 0), ("permissions", policy.Permissions.Count > 0), ("condition", policy.Condition is not null), ("integrations", policy.Integrations.Count > 0)])
        {
            if (isThere)
            {
                found.Add("policy." + part, $"must be absent: {field} gives it");
            }
        }

        if (found.None)
        {
            new PolicyDocumentReader(found).ReadDocument(document, policy, field);
        }
    }

    private void ReadDocument(Struct document, Policy policy, string field)
    {
        var version = Field(document, "version") is { KindCase: Value.KindOneofCase.StringValue } v ? v.StringValue : "";
        if (version is not ("v1" or "v2"))
        {
            _found.Add(field + ".version", "must be \"v1\" or \"v2\"");
            return;
        }

        Known(field, document, "version", version == "v1" ? "action" : "permissions", "condition", "integrations");
        if (version == "v1" && Field(document, "action") is { } action)
        {
            ReadActions(field + ".action", action, policy.Actions);
        }

        if (version == "v2" && Object(field + ".permissions", Field(document, "permissions")) is { } permissions)
        {
            foreach (var (type, granted) in permissions.Fields)
            {
                if (Object($"{field}.permissions.{type}", granted) is { } value)
                {
                    policy.Permissions[type] = value;
                }
            }
        }

        if (Object(field + ".condition", Field(document, "condition")) is { } condition)
        {
            policy.Condition = ReadCondition(field + ".condition", condition, version);
        }

        if (Field(document, "integrations") is { } integrations)
        {
            Each(field + ".integrations", integrations, (f, item) => ReadIntegration(f, item, policy));
        }
    }

    /// <summary>"ssh:shell", "ssh:*" or bare "ssh" for every action, in a list; or an object of type to actions.</summary>
    private void ReadActions(string field, Value action, MapField<string, ActionList> actions)
    {
        if (action.KindCase == Value.KindOneofCase.StructValue)
        {
            foreach (var (type, values) in action.StructValue.Fields)
            {
                Strings($"{field}.{type}", values, value => Grant(type, value));
            }

            return;
        }

        Strings(field, action, text =>
        {
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            Grant(colon < 0 ? text : text[..colon], colon < 0 ? "*" : text[(colon + 1)..]);
        });

        void Grant(string type, string value)
        {
            if (!actions.TryGetValue(type, out var list))
            {
                actions[type] = list = new ActionList();
            }

            if (!list.Values.Contains(value))
            {
                list.Values.Add(value);
            }
        }
    }

    private Condition ReadCondition(string field, Struct condition, string version)
    {
        Known(field, condition, "who", "where", "when");
        var result = new Condition();
        if (Object(field + ".who", Field(condition, "who")) is { } who)
        {
            Known(field + ".who", who, version == "v1" ? ["email", "domain", "group", "service_account"] : ["email", "group", "service_account"]);
            result.Who = new WhoCondition();
            Strings(field + ".who.email", Field(who, "email"), result.Who.Email.Add);
            Strings(field + ".who.domain", version == "v1" ? Field(who, "domain") : null, result.Who.Domain.Add);
            Strings(field + ".who.group", Field(who, "group"), result.Who.Group.Add);
            Strings(field + ".who.service_account", Field(who, "service_account"), result.Who.ServiceAccount.Add);
        }

        if (Object(field + ".where", Field(condition, "where")) is { } where)
        {
            Known(field + ".where", where, "allowed_ip", "country", "country_not");
            result.Where = new WhereCondition();
            Strings(field + ".where.allowed_ip", Field(where, "allowed_ip"), result.Where.AllowedIp.Add);
            Strings(field + ".where.country", Field(where, "country"), result.Where.Country.Add);
            Strings(field + ".where.country_not", Field(where, "country_not"), result.Where.CountryNot.Add);
        }

        if (Object(field + ".when", Field(condition, "when")) is { } when)
        {
            Known(field + ".when", when, "after", "before", "time_of_day_after", "time_of_day_before", "time_zone");
            result.When = new WhenCondition
            {
                After = Instant(field + ".when.after", Field(when, "after")),
                Before = Instant(field + ".when.before", Field(when, "before")),
                TimeOfDayAfter = Text(field + ".when.time_of_day_after", Field(when, "time_of_day_after")),
                TimeOfDayBefore = Text(field + ".when.time_of_day_before", Field(when, "time_of_day_before")),
                TimeZone = Text(field + ".when.time_zone", Field(when, "time_zone")),
            };
        }

        return result;
    }

    private void ReadIntegration(string field, Value item, Policy policy)
    {
        if (Object(field, item) is not { } source)
        {
            return;
        }

        Known(field, source, "integration_name", "configuration", "mode");
        var condition = new IntegrationCondition { IntegrationName = Text(field + ".integration_name", Field(source, "integration_name")) };
        condition.Mode = Word(field + ".mode", Field(source, "mode"), ConditionMode.Unspecified, ("enforce", ConditionMode.Enforce), ("shadow", ConditionMode.Shadow));
        if (Object(field + ".configuration", Field(source, "configuration")) is { } configuration)
        {
            var f = field + ".configuration";
            Known(f, configuration, "service_id", "require_be_oncall", "require_incident", "max_escalation_level", "schedule_ids", "incident_involvement");
            condition.PagerdutyOncall = new PagerDutyOnCallCondition
            {
                ServiceId = Text(f + ".service_id", Field(configuration, "service_id")),
                RequireBeOncall = Flag(f + ".require_be_oncall", Field(configuration, "require_be_oncall")),
                RequireIncident = Flag(f + ".require_incident", Field(configuration, "require_incident")),
                MaxEscalationLevel = Number(f + ".max_escalation_level", Field(configuration, "max_escalation_level")),
                IncidentInvolvement = Word(
                    f + ".incident_involvement",
                    Field(configuration, "incident_involvement"),
                    IncidentInvolvement.Unspecified,
                    ("any", IncidentInvolvement.Any),
                    ("assigned", IncidentInvolvement.Assigned),
                    ("acknowledged", IncidentInvolvement.Acknowledged)),
            };
            Strings(f + ".schedule_ids", Field(configuration, "schedule_ids"), condition.PagerdutyOncall.ScheduleIds.Add);
        }

        policy.Integrations.Add(condition);
    }

    /// <summary>A field's value; null when it is absent or null.</summary>
    private static Value? Field(Struct source, string name) =>
        source.Fields.TryGetValue(name, out var value) && value.KindCase is not (Value.KindOneofCase.NullValue or Value.KindOneofCase.None) ? value : null;

    private void Known(string field, Struct source, params ReadOnlySpan<string> names)
    {
        foreach (var name in source.Fields.Keys)
        {
            if (!names.Contains(name))
            {
                _found.Add($"{field}.{(name.Length <= 64 ? name : name[..64])}", $"is not known here; known: {string.Join(", ", names!)}");
            }
        }
    }

    private Struct? Object(string field, Value? value) => value is null ? null : Is(field, value, Value.KindOneofCase.StructValue, "an object") ? value.StructValue : null;

    private string Text(string field, Value? value) => value is not null && Is(field, value, Value.KindOneofCase.StringValue, "a string") ? value.StringValue : "";

    private bool Flag(string field, Value? value) => value is not null && Is(field, value, Value.KindOneofCase.BoolValue, "true or false") && value.BoolValue;

    private int Number(string field, Value? value)
    {
        if (value is null || !Is(field, value, Value.KindOneofCase.NumberValue, "a number"))
        {
            return 0;
        }

        if (value.NumberValue is >= 0 and <= 1_000_000 && value.NumberValue == Math.Floor(value.NumberValue))
        {
            return (int)value.NumberValue;
        }

        _found.Add(field, "must be a whole number that is not negative");
        return 0;
    }

    private T Word<T>(string field, Value? value, T otherwise, params ReadOnlySpan<(string Word, T Value)> words)
    {
        if (value is null)
        {
            return otherwise;
        }

        foreach (var (word, meaning) in words)
        {
            if (value.KindCase == Value.KindOneofCase.StringValue && value.StringValue.Equals(word, StringComparison.OrdinalIgnoreCase))
            {
                return meaning;
            }
        }

        _found.Add(field, $"must be one of {string.Join(", ", words.ToArray().Select(w => $"\"{w.Word}\""))}");
        return otherwise;
    }

    private Timestamp? Instant(string field, Value? value)
    {
        if (Text(field, value) is not { Length: > 0 } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParseExact(text, DateForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant))
        {
            return instant.ToTimestamp();
        }

        _found.Add(field, "must be an instant such as 2021-12-31T00:00Z");
        return null;
    }

    /// <summary>A list of strings, or a single one.</summary>
    private void Strings(string field, Value? value, Action<string> each)
    {
        if (value is { KindCase: Value.KindOneofCase.StringValue })
        {
            each(value.StringValue);
        }
        else if (value is not null)
        {
            Each(field, value, (f, item) =>
            {
                if (Is(f, item, Value.KindOneofCase.StringValue, "a string"))
                {
                    each(item.StringValue);
                }
            });
        }
    }

    private void Each(string field, Value value, Action<string, Value> each)
    {
        if (!Is(field, value, Value.KindOneofCase.ListValue, "a list") || !_found.CheckCount(field, value.ListValue.Values.Count, 10_000))
        {
            return;
        }

        for (var i = 0; i < value.ListValue.Values.Count; i++)
        {
            each($"{field}[{i}]", value.ListValue.Values[i]);
        }
    }

    private bool Is(string field, Value value, Value.KindOneofCase kind, string what)
    {
        if (value.KindCase == kind)
        {
            return true;
        }

        _found.Add(field, $"must be {what}");
        return false;
    }
}
