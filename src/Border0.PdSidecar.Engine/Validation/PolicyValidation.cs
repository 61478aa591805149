using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Enum = System.Enum;

namespace Border0.PdSidecar.Engine.Validation;

/// <summary>What a policy must be to be stored or tested.</summary>
public static class PolicyValidation
{
    private const int MostSockets = 10_000;
    private const int MostEntries = 1_000;

    /// <summary>Checks a policy.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="prefix">What stands before each field: "policy.".</param>
    /// <param name="nameRequired">False for an unsaved policy that is only tested.</param>
    /// <param name="found">Where violations go.</param>
    public static void Check(Policy policy, string prefix, bool nameRequired, FieldViolations found)
    {
        if (nameRequired || policy.Name.Length > 0)
        {
            found.RequireName(prefix + "name", policy.Name);
        }

        found.CheckOrganization(prefix + "organization_id", policy.OrganizationId);
        found.CheckText(prefix + "description", policy.Description, 1024, lines: true);
        found.CheckOrganization(prefix + "managed_by", policy.ManagedBy);
        CheckSockets(prefix + "socket_ids", policy.SocketIds, MostSockets, found);
        CheckTagRules(prefix + "tag_rules", policy, found);
        CheckGrants(prefix, policy, found);
        if (policy.Condition is { } condition)
        {
            CheckWho(prefix + "condition.who", condition.Who, found);
            CheckWhere(prefix + "condition.where", condition.Where, found);
            CheckWhen(prefix + "condition.when", condition.When, found);
        }

        if (found.CheckCount(prefix + "integrations", policy.Integrations.Count, 32))
        {
            for (var i = 0; i < policy.Integrations.Count; i++)
            {
                CheckIntegration($"{prefix}integrations[{i}]", policy.Integrations[i], found);
            }
        }

        CheckSpan(prefix + "revocation_grace", policy.RevocationGrace, TimeSpan.Zero, TimeSpan.FromHours(1), found);
        CheckSpan(prefix + "max_session_duration", policy.MaxSessionDuration, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30), found, orZero: true);
    }

    /// <summary>Checks a list of socket ids.</summary>
    public static void CheckSockets(string field, IReadOnlyList<string> sockets, int most, FieldViolations found)
    {
        if (!found.CheckCount(field, sockets.Count, most))
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < sockets.Count; i++)
        {
            if (found.RequireText($"{field}[{i}]", sockets[i], 256) && !seen.Add(sockets[i]))
            {
                found.Add($"{field}[{i}]", "is there twice");
            }
        }
    }

    private static void CheckTagRules(string field, Policy policy, FieldViolations found)
    {
        if (!found.CheckCount(field, policy.TagRules.Count, 100))
        {
            return;
        }

        for (var i = 0; i < policy.TagRules.Count; i++)
        {
            var tags = policy.TagRules[i].Tags;
            if (tags.Count == 0)
            {
                found.Add($"{field}[{i}].tags", "must name at least one tag");
            }

            if (found.CheckCount($"{field}[{i}].tags", tags.Count, 50))
            {
                foreach (var (key, value) in tags)
                {
                    found.RequireText($"{field}[{i}].tags", key, 128);
                    found.CheckText($"{field}[{i}].tags", value, 256);
                }
            }
        }
    }

    private static void CheckGrants(string prefix, Policy policy, FieldViolations found)
    {
        if (found.CheckCount(prefix + "actions", policy.Actions.Count, 64))
        {
            foreach (var (type, list) in policy.Actions)
            {
                var field = $"{prefix}actions[{Shown(type)}]";
                if (type != "*" && !IsSocketType(type))
                {
                    found.Add(field, "must be a socket type in lower case, or \"*\"");
                }

                if (found.CheckCount(field + ".values", list.Values.Count, 256))
                {
                    for (var i = 0; i < list.Values.Count; i++)
                    {
                        found.RequireText($"{field}.values[{i}]", list.Values[i], 128);
                    }
                }
            }
        }

        if (found.CheckCount(prefix + "permissions", policy.Permissions.Count, 64))
        {
            foreach (var (type, granted) in policy.Permissions)
            {
                var field = $"{prefix}permissions[{Shown(type)}]";
                if (!IsSocketType(type))
                {
                    found.Add(field, "must be a socket type in lower case");
                }

                var left = 4096;
                CheckStruct(field, granted, 0, ref left, found);
                if (granted.Fields.TryGetValue("max_session_duration_seconds", out var longest)
                    && longest.KindCase is not Value.KindOneofCase.NullValue
                    && !(longest.KindCase == Value.KindOneofCase.NumberValue && longest.NumberValue is >= 1 and <= 2_592_000))
                {
                    found.Add(field + ".max_session_duration_seconds", "must be a number of seconds from 1 to 2592000");
                }
            }
        }
    }

    /// <summary>Bounds what a permission may hold; its meaning is the connector's.</summary>
    private static void CheckStruct(string field, Struct granted, int depth, ref int left, FieldViolations found)
    {
        foreach (var (key, value) in granted.Fields)
        {
            if (key.Length == 0)
            {
                // Protobuf's own JSON does not write it: such a policy could be stored and not be shown.
                found.Add(field, "must have no empty key");
            }

            found.CheckText(field, key, 256);
            CheckValue(field, value, depth, ref left, found);
            if (left < 0)
            {
                return;
            }
        }
    }

    private static void CheckValue(string field, Value value, int depth, ref int left, FieldViolations found)
    {
        if (--left < 0 || depth > 16)
        {
            if (left >= -1)
            {
                found.Add(field, "holds too many values, or too deep");
                left = -2;
            }

            return;
        }

        switch (value.KindCase)
        {
            case Value.KindOneofCase.StringValue:
                found.CheckText(field, value.StringValue, 4096);
                break;
            case Value.KindOneofCase.StructValue:
                CheckStruct(field, value.StructValue, depth + 1, ref left, found);
                break;
            case Value.KindOneofCase.ListValue:
                foreach (var item in value.ListValue.Values)
                {
                    CheckValue(field, item, depth + 1, ref left, found);
                    if (left < 0)
                    {
                        return;
                    }
                }

                break;
            case Value.KindOneofCase.NumberValue when !double.IsFinite(value.NumberValue):
                found.Add(field, "holds a number that is not finite");
                break;
            case Value.KindOneofCase.None:
                found.Add(field, "holds a value without a kind");
                break;
        }
    }

    private static void CheckWho(string field, WhoCondition? who, FieldViolations found)
    {
        if (who is null)
        {
            return;
        }

        Each(field + ".email", who.Email, found, (f, v) =>
        {
            if (found.RequireText(f, v, 320) && (v.IndexOf('@', StringComparison.Ordinal) <= 0 || v.EndsWith('@') || v.Contains(' ', StringComparison.Ordinal)))
            {
                found.Add(f, "must be an e-mail address");
            }
        });
        Each(field + ".domain", who.Domain, found, (f, v) =>
        {
            if (found.RequireText(f, v, 255) && v.TrimStart('@') is var domain && (domain.Length == 0 || Uri.CheckHostName(domain) != UriHostNameType.Dns))
            {
                found.Add(f, "must be a domain name");
            }
        });
        Each(field + ".group", who.Group, found, (f, v) => found.RequireText(f, v, 256));
        Each(field + ".service_account", who.ServiceAccount, found, (f, v) => found.RequireText(f, v, 256));
    }

    private static void CheckWhere(string field, WhereCondition? where, FieldViolations found)
    {
        if (where is null)
        {
            return;
        }

        Each(field + ".allowed_ip", where.AllowedIp, found, (f, v) =>
        {
            if (!AllowedNetwork.TryParse(v, out _))
            {
                found.Add(f, "must be an IPv4 or IPv6 address, or a network in CIDR notation");
            }
        });
        Each(field + ".country", where.Country, found, Country);
        Each(field + ".country_not", where.CountryNot, found, Country);

        void Country(string f, string v)
        {
            if (!IsCountry(v))
            {
                found.Add(f, "must be an ISO 3166-1 alpha-2 code, two letters");
            }
        }
    }

    private static void CheckWhen(string field, WhenCondition? when, FieldViolations found)
    {
        if (when is null)
        {
            return;
        }

        DateTimeOffset after = default, before = default;
        var hasAfter = when.After is not null && (Durations.TryRead(when.After, out after) || Bad(".after"));
        var hasBefore = when.Before is not null && (Durations.TryRead(when.Before, out before) || Bad(".before"));
        if (hasAfter && hasBefore && before <= after && found.None)
        {
            found.Add(field + ".before", "must be later than after");
        }

        var from = Clock(".time_of_day_after", when.TimeOfDayAfter);
        var to = Clock(".time_of_day_before", when.TimeOfDayBefore);
        if (when.TimeZone.Length > 0)
        {
            CheckZone(field + ".time_zone", when.TimeZone);
        }
        else if (from?.ZoneId is { } fromZone && to?.ZoneId is { } toZone && !fromZone.Equals(toZone, StringComparison.OrdinalIgnoreCase))
        {
            found.Add(field + ".time_of_day_before", "must be in the same time zone as time_of_day_after");
        }

        bool Bad(string name)
        {
            found.Add(field + name, "must be an instant between the years 1 and 9998");
            return true;
        }

        TimeOfDayBound? Clock(string name, string text)
        {
            if (text.Length == 0)
            {
                return null;
            }

            if (text.Length > 80 || !TimeOfDayBound.TryParse(text, out var bound))
            {
                found.Add(field + name, "must be a time of day, \"HH:MM\" or \"HH:MM:SS\", optionally followed by a time zone (\"00:00 UTC\")");
                return null;
            }

            if (bound.ZoneId is { } zone)
            {
                CheckZone(field + name, zone);
            }

            return bound;
        }

        void CheckZone(string f, string zone)
        {
            if (!TimeOfDayBound.TryFindZone(zone, out _))
            {
                found.Add(f, "names a time zone that is not known; use an IANA name such as Europe/Berlin");
            }
        }
    }

    private static void CheckIntegration(string field, IntegrationCondition condition, FieldViolations found)
    {
        found.RequireName(field + ".integration_name", condition.IntegrationName);
        if (!Enum.IsDefined(condition.Mode))
        {
            found.Add(field + ".mode", "must be CONDITION_MODE_ENFORCE or CONDITION_MODE_SHADOW");
        }

        if (condition.PagerdutyOncall is not { } pagerDuty)
        {
            found.Add(field + ".pagerduty_oncall", "is required");
            return;
        }

        field += ".pagerduty_oncall";
        if (found.RequireText(field + ".service_id", pagerDuty.ServiceId, 64) && pagerDuty.ServiceId.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            found.Add(field + ".service_id", "must be PagerDuty's id of the service, such as PF9KMXH");
        }

        if (pagerDuty.MaxEscalationLevel is < 0 or > 100)
        {
            found.Add(field + ".max_escalation_level", "must be from 0 (any level) to 100");
        }

        if (found.CheckCount(field + ".schedule_ids", pagerDuty.ScheduleIds.Count, 100))
        {
            for (var i = 0; i < pagerDuty.ScheduleIds.Count; i++)
            {
                found.RequireText($"{field}.schedule_ids[{i}]", pagerDuty.ScheduleIds[i], 64);
            }
        }

        if (!Enum.IsDefined(pagerDuty.IncidentInvolvement))
        {
            found.Add(field + ".incident_involvement", "must be one of the INCIDENT_INVOLVEMENT values");
        }
    }

    private static void CheckSpan(string field, Duration? duration, TimeSpan least, TimeSpan most, FieldViolations found, bool orZero = false)
    {
        if (duration is null || (Durations.TryRead(duration, out var span) && ((span >= least && span <= most) || (orZero && span == TimeSpan.Zero))))
        {
            return;
        }

        found.Add(field, $"must be {(orZero ? "0 or " : "")}from {least.TotalSeconds:0} s to {most.TotalSeconds:0} s");
    }

    private static void Each(string field, Google.Protobuf.Collections.RepeatedField<string> values, FieldViolations found, Action<string, string> check)
    {
        if (found.CheckCount(field, values.Count, MostEntries))
        {
            for (var i = 0; i < values.Count; i++)
            {
                check($"{field}[{i}]", values[i]);
            }
        }
    }

    /// <summary>Two letters.</summary>
    public static bool IsCountry(string code) => code.Length == 2 && char.IsAsciiLetter(code[0]) && char.IsAsciiLetter(code[1]);

    private static bool IsSocketType(string type) =>
        type.Length is > 0 and <= 64 && char.IsAsciiLetterLower(type[0]) && type.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_');

    private static string Shown(string key) => key.Length <= 64 ? key : key[..64] + "...";
}
