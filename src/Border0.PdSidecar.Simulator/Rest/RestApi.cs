using Border0.PdSidecar.Simulator.Model;

namespace Border0.PdSidecar.Simulator.Rest;

/// <summary>PagerDuty's REST paths that a reader uses, over an account.</summary>
internal sealed class RestApi(PagerDutyAccount account)
{
    private static readonly string[] Open = ["triggered", "acknowledged", "resolved"];

    public ApiAnswer Services(Query query) => List(query, "services", errors =>
    {
        var (search, exact) = (query.Text("query"), query.Text("name"));
        var all = account.Services.Where(s =>
            (search is null || s.Name.Contains(search, StringComparison.OrdinalIgnoreCase))
            && (exact is null || s.Name.Equals(exact, StringComparison.OrdinalIgnoreCase)));
        var statuses = Statuses();
        return query.Text("sort_by") is "name:desc"
            ? (all.OrderByDescending(s => s.Name, StringComparer.OrdinalIgnoreCase), Write)
            : (all.OrderBy(s => s.Name, StringComparer.OrdinalIgnoreCase), (Action<ResourceWriter, SimulatedService>)Write);

        void Write(ResourceWriter w, SimulatedService s) => w.Service(null, s, StatusOf(s, statuses), query.Includes("escalation_policies"));
    });

    public ApiAnswer Service(Query query, string id) => account.Services.FirstOrDefault(s => s.Id == id) is { } service
        ? Show(w => w.Service("service", service, StatusOf(service, Statuses()), query.Includes("escalation_policies")))
        : ApiAnswer.NotFound();

    public ApiAnswer OnCalls(Query query) => List(query, "oncalls", errors =>
    {
        var now = account.Time.GetUtcNow();
        var since = query.Time("since", errors) ?? now;
        var until = query.Time("until", errors) ?? (since > now ? since : now);
        if (until < since)
        {
            errors.Add("until must be after since");
        }

        if (until > now.AddDays(90))
        {
            until = now.AddDays(90);
        }

        var (users, policies, schedules) = (query.List("user_ids"), query.List("escalation_policy_ids"), query.List("schedule_ids"));
        var entries = account.Read(() => account.EscalationPolicies
            .Where(p => !p.Deleted && policies?.Contains(p.Id) != false)
            .SelectMany(PagerDutyAccount.OnCallsOf)
            .Where(o => (users is null || users.Contains(o.User.Id))
                && (schedules is null || schedules.Contains(o.Schedule?.Id ?? "null"))
                && (o.Start is not { } start || start < until || (start == since && since == until))
                && (o.End is not { } end || end > since))
            .ToList());
        if (query.Flag("earliest"))
        {
            entries = [.. entries.GroupBy(o => (o.Policy, o.Level, o.User)).Select(g => g.MinBy(o => o.Start ?? DateTimeOffset.MinValue)!)];
        }

        return (entries, (Action<ResourceWriter, SimulatedOnCall>)((w, o) => w.Object(null, () =>
        {
            w.EscalationPolicy("escalation_policy", o.Policy, query.Includes("escalation_policies"));
            w.Json.WriteNumber("escalation_level", o.Level);
            if (o.Schedule is { } schedule)
            {
                w.Schedule("schedule", schedule, query.Includes("schedules"));
            }
            else
            {
                w.Json.WriteNull("schedule");
            }

            w.User("user", o.User, query.Includes("users"));
            w.Time("start", o.Start);
            w.Time("end", o.End);
        })));
    });

    public ApiAnswer Incidents(Query query) => List(query, "incidents", errors =>
    {
        var now = account.Time.GetUtcNow();
        var all = query.Text("date_range") == "all";

        // Without date_range=all PagerDuty looks back one month.
        var since = all ? DateTimeOffset.MinValue : query.Time("since", errors) ?? now.AddMonths(-1);
        var until = all ? DateTimeOffset.MaxValue : query.Time("until", errors) ?? DateTimeOffset.MaxValue;
        if (!all && until != DateTimeOffset.MaxValue && until - since > TimeSpan.FromDays(184))
        {
            errors.Add("The date range is longer than 6 months");
        }

        var (services, statuses, users, urgencies) =
            (query.List("service_ids"), query.List("statuses"), query.List("user_ids"), query.List("urgencies"));
        if (statuses?.FirstOrDefault(s => !Open.Contains(s)) is { } unknown)
        {
            errors.Add($"statuses {unknown} is not valid");
        }

        var found = account.Incidents.Where(i =>
            i.CreatedAt >= since && i.CreatedAt < until
            && services?.Contains(i.Service.Id) != false
            && statuses?.Contains(i.Status) != false
            && urgencies?.Contains(i.Urgency) != false
            && (users is null || i.Assignments.Any(a => users.Contains(a.User.Id))));
        var sorted = query.Text("sort_by") is "created_at:desc" ? found.OrderByDescending(i => i.CreatedAt) : found.OrderBy(i => i.Number);
        return (sorted, (Action<ResourceWriter, SimulatedIncident>)((w, i) => Incident(w, null, i, query)));
    });

    public ApiAnswer Incident(Query query, string id) => account.FindIncident(id) is { } incident
        ? Show(w => Incident(w, "incident", incident, query))
        : ApiAnswer.NotFound();

    public ApiAnswer Users(Query query) => List(query, "users", errors =>
    {
        var search = query.Text("query");
        var found = account.Users.Where(u => !u.Deleted && (search is null
            || u.Name.Contains(search, StringComparison.OrdinalIgnoreCase) || u.Email.Contains(search, StringComparison.OrdinalIgnoreCase)));
        return (found.OrderBy(u => u.Name, StringComparer.OrdinalIgnoreCase), (Action<ResourceWriter, SimulatedUser>)((w, u) => w.User(null, u, true)));
    });

    public ApiAnswer User(Query query, SimulatedKey key, string id)
    {
        if (account.Users.FirstOrDefault(u => u.Id == id && !u.Deleted) is not { } user)
        {
            return ApiAnswer.NotFound();
        }

        // What an account's read-only key is not given: PagerDuty's one documented difference.
        var answer = Show(w => w.User("user", user, true));
        return query.Includes("calendar_urls") && !key.ReadOnly && key.User is null
            ? new ApiAnswer(200, System.Text.Encoding.UTF8.GetBytes(
                System.Text.Encoding.UTF8.GetString(answer.Body).Replace(
                    "\"time_zone\":", "\"http_cal_url\":\"https://acme.example.com/private/feed\",\"web_cal_url\":\"webcal://acme.example.com/private/feed\",\"time_zone\":", StringComparison.Ordinal)))
            : answer;
    }

    public ApiAnswer Me(SimulatedKey key) => key.User is { } user
        ? Show(w => w.User("user", user, true))
        : ApiAnswer.Json(
            json => json.WriteString(
                "error",
                "Because this request was made using an account-level access token, we were unable to determine the user's identity. Please use a user-level token."),
            400);

    public static ApiAnswer Abilities() => ApiAnswer.Json(json =>
    {
        json.WriteStartArray("abilities");
        json.WriteStringValue("teams");
        json.WriteStringValue("read_only_users");
        json.WriteEndArray();
    });

    public ApiAnswer EscalationPolicies(Query query) => List(query, "escalation_policies", _ =>
        (account.EscalationPolicies.Where(p => !p.Deleted).OrderBy(p => p.Name, StringComparer.OrdinalIgnoreCase),
            (Action<ResourceWriter, SimulatedEscalationPolicy>)((w, p) => w.EscalationPolicy(null, p, true))));

    public ApiAnswer EscalationPolicy(string id) => account.EscalationPolicies.FirstOrDefault(p => p.Id == id && !p.Deleted) is { } policy
        ? Show(w => w.EscalationPolicy("escalation_policy", policy, true))
        : ApiAnswer.NotFound();

    public ApiAnswer Schedules(Query query) => List(query, "schedules", _ =>
        (account.Schedules.OrderBy(s => s.Name, StringComparer.OrdinalIgnoreCase),
            (Action<ResourceWriter, SimulatedSchedule>)((w, s) => w.Schedule(null, s, true))));

    public ApiAnswer Schedule(string id) => account.FindSchedule(id) is { } schedule && schedule.Id == id
        ? Show(w => w.Schedule("schedule", schedule, true))
        : ApiAnswer.NotFound();

    public ApiAnswer Subscriptions(Query query) =>
        List(query, "webhook_subscriptions", _ => (account.Subscriptions, (Action<ResourceWriter, SimulatedSubscription>)((w, s) => Subscription(w, null, s))));

    public ApiAnswer Subscription(string id) => account.FindSubscription(id) is { } subscription
        ? Show(w => Subscription(w, "webhook_subscription", subscription))
        : ApiAnswer.NotFound();

    public ApiAnswer EnableSubscription(string id)
    {
        if (account.FindSubscription(id) is not { } subscription)
        {
            return ApiAnswer.NotFound();
        }

        account.Write(() => (subscription.DisabledUntil, subscription.DroppedInARow) = (null, 0));
        return Subscription(id);
    }

    private void Incident(ResourceWriter w, string? name, SimulatedIncident incident, Query query) => w.Incident(
        name,
        incident,
        query.Includes("users") || query.Includes("assignees") || query.Includes("acknowledgers"),
        query.Includes("services") ? service => w.Service("service", service, StatusOf(service, Statuses()), false) : null);

    private void Subscription(ResourceWriter w, string? name, SimulatedSubscription subscription) => w.Object(name, () =>
    {
        w.Json.WriteString("id", subscription.Id);
        w.Json.WriteString("type", "webhook_subscription");
        w.Json.WriteBoolean("active", subscription.Active);
        w.Object("delivery_method", () =>
        {
            w.Json.WriteString("id", subscription.Id + "D");
            w.Json.WriteNull("secret");
            w.Json.WriteBoolean("temporarily_disabled", subscription.DisabledUntil > account.Time.GetUtcNow());
            w.Json.WriteString("type", "http_delivery_method");
            w.Json.WriteString("url", subscription.Url.ToString());
            w.Array<int>("custom_headers", [], _ => { });
        });
        w.Json.WriteString("description", "Sidecar");
        w.Array("events", Webhooks.WebhookBody.EventTypes, w.Json.WriteStringValue);
        w.Object("filter", () =>
        {
            w.Json.WriteString("type", subscription.ServiceId is null ? "account_reference" : "service_reference");
            if (subscription.ServiceId is { } service)
            {
                w.Json.WriteString("id", service);
            }
        });
    });

    /// <summary>Which services have a triggered and which an acknowledged incident.</summary>
    private (HashSet<SimulatedService> Critical, HashSet<SimulatedService> Warning) Statuses()
    {
        var incidents = account.Incidents;
        return ([.. incidents.Where(i => i.Status == "triggered").Select(i => i.Service)],
            [.. incidents.Where(i => i.Status == "acknowledged").Select(i => i.Service)]);
    }

    private static string StatusOf(SimulatedService service, (HashSet<SimulatedService> Critical, HashSet<SimulatedService> Warning) statuses) =>
        service.Disabled ? "disabled"
        : service.Maintenance ? "maintenance"
        : statuses.Critical.Contains(service) ? "critical"
        : statuses.Warning.Contains(service) ? "warning"
        : "active";

    private ApiAnswer Show(Action<ResourceWriter> write) =>
        account.Read(() => ApiAnswer.Json(json => write(new ResourceWriter(json, account.Subdomain, TimeZoneInfo.Utc))));

    private ApiAnswer List<T>(Query query, string name, Func<List<string>, (IEnumerable<T> Items, Action<ResourceWriter, T> Write)> find) =>
        account.Read(() =>
        {
            var errors = new List<string>();
            var zone = query.Zone(errors);
            var (limit, offset) = query.Page(errors);
            var (items, write) = find(errors);
            if (errors.Count > 0)
            {
                return ApiAnswer.Invalid([.. errors]);
            }

            var all = items.ToList();
            return ApiAnswer.Json(json =>
            {
                var writer = new ResourceWriter(json, account.Subdomain, zone);
                writer.Array(name, all.Skip(offset).Take(limit), item => write(writer, item));
                json.WriteNumber("limit", limit);
                json.WriteNumber("offset", offset);
                json.WriteBoolean("more", offset + limit < all.Count);
                if (query.Flag("total"))
                {
                    json.WriteNumber("total", all.Count);
                }
                else
                {
                    json.WriteNull("total");
                }
            });
        });
}
