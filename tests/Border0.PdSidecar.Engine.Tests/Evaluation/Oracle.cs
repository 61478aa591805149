using System.Globalization;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Evaluation;

/// <summary>
/// The semantics once more, slow and obvious: written from the design, on the policies and facts as they are, sharing nothing with the
/// evaluator but their types. It answers one question only: which policies grant at an instant? Ends are found by asking again and again.
/// </summary>
internal static class Oracle
{
    /// <summary>The names of the policies that grant something at an instant.</summary>
    /// <param name="world">The world.</param>
    /// <param name="at">The instant.</param>
    /// <param name="now">The instant at which facts are judged fresh or stale.</param>
    public static List<string> Granting(World world, DateTimeOffset at, DateTimeOffset now) =>
        [.. world.Policies.Where(p => Reaches(p, world.Request) && Grants(p, world.Request.SocketType) && Holds(p, world, at, now)).Select(p => p.Name)];

    public static bool Grants(Policy p, string type) =>
        p.Actions.Any(a => (a.Key == "*" || a.Key == type) && a.Value.Values.Count > 0) || p.Permissions.ContainsKey(type);

    private static bool Reaches(Policy p, AccessRequest r) =>
        p.OrgWide || p.SocketIds.Contains(r.SocketId)
        || p.TagRules.Any(rule => r.SocketTags is { } tags && rule.Tags.All(t => tags.TryGetValue(t.Key, out var v) && v == t.Value));

    private static bool Holds(Policy p, World w, DateTimeOffset at, DateTimeOffset now) =>
        Who(p.Condition.Who, w.Request) && Where(p.Condition.Where, w.Request) && When(p.Condition.When, at) && Lasts(p, w, at)
        && p.Integrations.Where(i => i.Mode != ConditionMode.Shadow).All(i => Holds(i, w, at, now));

    private static bool Who(WhoCondition? who, AccessRequest r)
    {
        if (who is null)
        {
            return true;
        }

        var email = r.UserEmail.ToLowerInvariant();
        return who.Email.Any(e => e.Equals(email, StringComparison.OrdinalIgnoreCase))
            || who.Domain.Any(d => email.EndsWith("@" + d, StringComparison.Ordinal))
            || who.Group.Any(g => r.Groups?.Contains(g) == true)
            || (r.ServiceAccount != "" && who.ServiceAccount.Any(s => s.Equals(r.ServiceAccount, StringComparison.OrdinalIgnoreCase)));
    }

    private static bool Where(WhereCondition? where, AccessRequest r)
    {
        if (where is null)
        {
            return true;
        }

        // The worlds know two networks only.
        var text = r.ClientAddress?.ToString() ?? "";
        var ip = where.AllowedIp.Count == 0 || text.StartsWith("10.0.0.", StringComparison.Ordinal) || text.StartsWith("2001:db8::", StringComparison.Ordinal);
        var country = where.Country.Count == 0 || where.Country.Contains(r.ClientCountry);
        var notCountry = where.CountryNot.Count == 0 || (r.ClientCountry != "" && !where.CountryNot.Contains(r.ClientCountry));
        return ip && country && notCountry;
    }

    private static bool When(WhenCondition? when, DateTimeOffset at)
    {
        if (when is null)
        {
            return true;
        }

        if ((when.After is not null && at < when.After.ToDateTimeOffset()) || (when.Before is not null && at >= when.Before.ToDateTimeOffset()))
        {
            return false;
        }

        if (when.TimeOfDayAfter == "")
        {
            return true;
        }

        var zone = when.TimeZone == "" ? TimeZoneInfo.Utc : TimeZoneInfo.FindSystemTimeZoneById(when.TimeZone);
        var clock = TimeZoneInfo.ConvertTime(at, zone).TimeOfDay;
        var (from, to) = (TimeSpan.Parse(when.TimeOfDayAfter, CultureInfo.InvariantCulture), TimeSpan.Parse(when.TimeOfDayBefore, CultureInfo.InvariantCulture));
        return from < to ? from <= clock && clock < to : clock >= from || clock < to;
    }

    private static bool Lasts(Policy p, World w, DateTimeOffset at)
    {
        var bounds = new List<double>();
        if (p.MaxSessionDuration is { } whole && whole.Seconds > 0)
        {
            bounds.Add(whole.Seconds);
        }

        if (p.Permissions.TryGetValue(w.Request.SocketType, out var granted) && granted.Fields.TryGetValue("max_session_duration_seconds", out var seconds))
        {
            bounds.Add(seconds.NumberValue);
        }

        return bounds.Count == 0 || at < (w.Opened ?? w.At).AddSeconds(bounds.Min());
    }

    private static bool Holds(IntegrationCondition i, World w, DateTimeOffset at, DateTimeOffset now)
    {
        var c = i.PagerdutyOncall;
        if (!c.RequireBeOncall && !c.RequireIncident)
        {
            return true;
        }

        var settings = w.Settings.SingleOrDefault(s => s.DisplayName.Equals(i.IntegrationName, StringComparison.OrdinalIgnoreCase));
        if (settings is null)
        {
            return false;
        }

        bool Fresh(DateTimeOffset asOf) => w.Purpose == EvaluationPurpose.NewConnection
            ? (now - asOf).Duration() < settings.MaxStaleness
            : (now - asOf).Duration() <= settings.SessionMaxStaleness;

        var facts = w.Known.Of(settings.Key);
        var user = w.Request.UserEmail.ToLowerInvariant();
        if (!facts.Services.TryGetValue(c.ServiceId, out var service) || !service.Exists || (now - service.AsOf).Duration() > settings.MappingMaxStaleness)
        {
            return false;
        }

        if (c.RequireBeOncall)
        {
            var known = service.EscalationPolicyId is { } id && facts.EscalationPolicies.TryGetValue(id, out var policy) && Fresh(policy.AsOf)
                && policy.Shifts.Any(s => user != "" && s.User.Email == user
                    && (s.Start is null || s.Start <= at) && (s.End is null || at < s.End)
                    && (c.MaxEscalationLevel == 0 || s.EscalationLevel <= c.MaxEscalationLevel)
                    && (c.ScheduleIds.Count == 0 || c.ScheduleIds.Contains(s.ScheduleId ?? "")));
            if (!known)
            {
                return false;
            }
        }

        return !c.RequireIncident
            || (facts.Incidents.TryGetValue(c.ServiceId, out var incidents) && Fresh(incidents.AsOf)
                && incidents.Open.Any(o => c.IncidentInvolvement switch
                {
                    IncidentInvolvement.Assigned => user != "" && o.Assignees.Any(a => a.Email == user),
                    IncidentInvolvement.Acknowledged => user != "" && o.Acknowledgers.Any(a => a.Email == user),
                    _ => true,
                }));
    }
}
