using System.Globalization;
using System.Text;
using Border0.PdSidecar.Simulator.Faults;
using Border0.PdSidecar.Simulator.Model;
using Microsoft.AspNetCore.Http;

namespace Border0.PdSidecar.Simulator.Control;

/// <summary>
/// Drives the account with curl: every command is a POST with its arguments in the query, and answers in plain text. No key is
/// asked for: the simulator listens on loopback.
/// </summary>
internal sealed class ControlEndpoint(PagerDutyAccount account, FaultPlan faults)
{
    private const string Help = """
        A PagerDuty account in memory. The REST API is at this address; keys go into "Authorization: Token token=KEY".

          GET  /sim                                          what there is
          POST /sim/trigger?service=Payments&title=Down      opens an incident
          POST /sim/acknowledge?incident=1&user=EMAIL        acknowledges it
          POST /sim/resolve?incident=1                       resolves it; without incident: every open one
          POST /sim/reopen?incident=1                        opens it again
          POST /sim/oncall?schedule=NAME&user=EMAIL&minutes=60          puts somebody on call from now on
          POST /sim/override?schedule=NAME&user=EMAIL&minutes=60        adds an override from now on
          POST /sim/subscribe?url=URL&secret=SECRET          webhooks of the whole account go there
          POST /sim/break?path=/incidents&kind=Status&status=500        breaks the API (kinds: KINDS)
          POST /sim/repair                                   everything works again

        """;

    public async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        var command = (request.Path.Value ?? "").TrimEnd('/');
        var (status, text) = (request.Method, command) switch
        {
            ("GET", "" or "/sim") => (200, State()),
            ("POST", "/sim/trigger") => Trigger(request.Query),
            ("POST", "/sim/acknowledge") => OnIncident(request.Query, i => account.Acknowledge(i, User(request.Query) ?? account.Users[0])),
            ("POST", "/sim/resolve") => Resolve(request.Query),
            ("POST", "/sim/reopen") => OnIncident(request.Query, account.Reopen),
            ("POST", "/sim/oncall") => OnSchedule(request.Query, account.PutOnCall),
            ("POST", "/sim/override") => OnSchedule(request.Query, account.AddOverride),
            ("POST", "/sim/subscribe") => Subscribe(request.Query),
            ("POST", "/sim/break") => Break(request.Query),
            ("POST", "/sim/repair") => Repair(),
            _ => (404, Help),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(text, context.RequestAborted);
    }

    private string State() => account.Read(() =>
    {
        var now = account.Time.GetUtcNow();
        var text = new StringBuilder(Help.Replace("KINDS", string.Join(", ", Enum.GetNames<FaultKind>()), StringComparison.Ordinal));
        foreach (var service in account.Services)
        {
            var onCall = PagerDutyAccount.OnCallsOf(service.EscalationPolicy)
                .Where(o => o.Start is null || (o.Start <= now && now < o.End))
                .Select(o => string.Create(CultureInfo.InvariantCulture, $"{o.User.Email} (level {o.Level}{(o.End is { } end ? $", until {end:HH:mm:ss}Z" : "")})"));
            text.AppendLine(CultureInfo.InvariantCulture, $"service {service.Name} ({service.Id}), escalation policy {service.EscalationPolicy.Name} ({service.EscalationPolicy.Id})")
                .AppendLine(CultureInfo.InvariantCulture, $"  on call: {string.Join(", ", onCall)}");
            foreach (var incident in account.Incidents.Where(i => i.Service == service && i.Status != "resolved"))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  incident {incident.Number}: {incident.Title} ({incident.Status})");
            }
        }

        foreach (var schedule in account.Schedules)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"schedule {schedule.Name} ({schedule.Id})");
        }

        return text.ToString();
    });

    private (int, string) Trigger(IQueryCollection query)
    {
        if (account.FindService(query["service"].ToString()) is not { } service)
        {
            return (404, "no such service\n");
        }

        var title = query["title"].ToString();
        var incident = account.TriggerIncident(service, title.Length > 0 ? title : "Something is wrong");
        return (200, $"incident {incident.Number} ({incident.Id}) of {service.Name} is triggered\n");
    }

    private (int, string) Resolve(IQueryCollection query)
    {
        if (query.ContainsKey("incident"))
        {
            return OnIncident(query, account.Resolve);
        }

        var open = account.Incidents.Where(i => i.Status != "resolved").ToList();
        open.ForEach(account.Resolve);
        return (200, $"{open.Count} incidents resolved\n");
    }

    private (int, string) OnIncident(IQueryCollection query, Action<SimulatedIncident> act)
    {
        if (account.FindIncident(query["incident"].ToString()) is not { } incident)
        {
            return (404, "no such incident\n");
        }

        act(incident);
        return (200, $"incident {incident.Number} is {incident.Status}\n");
    }

    private (int, string) OnSchedule(IQueryCollection query, Action<SimulatedSchedule, SimulatedUser, DateTimeOffset, DateTimeOffset> act)
    {
        if (account.FindSchedule(query["schedule"].ToString()) is not { } schedule || User(query) is not { } user)
        {
            return (404, "no such schedule or user\n");
        }

        if (!double.TryParse(query["minutes"].ToString() is { Length: > 0 } given ? given : "60", CultureInfo.InvariantCulture, out var minutes) || minutes is <= 0 or > 100_000)
        {
            return (400, "minutes is not a number of minutes\n");
        }

        var now = account.Time.GetUtcNow();
        act(schedule, user, now, now.AddMinutes(minutes));
        return (200, string.Create(CultureInfo.InvariantCulture, $"{user.Email} is on call by {schedule.Name} until {now.AddMinutes(minutes):u}\n"));
    }

    private (int, string) Subscribe(IQueryCollection query)
    {
        var secret = query["secret"].ToString();
        return Uri.TryCreate(query["url"].ToString(), UriKind.Absolute, out var url) && url.IsLoopback && secret.Length > 0
            ? (200, $"subscription {account.Subscribe(url, secret).Id}\n")
            : (400, "url must be one on loopback, and secret given\n");
    }

    private (int, string) Break(IQueryCollection query)
    {
        if (!Enum.TryParse<FaultKind>(query["kind"].ToString(), ignoreCase: true, out var kind))
        {
            return (400, $"kind must be one of {string.Join(", ", Enum.GetNames<FaultKind>())}\n");
        }

        faults.Add(new Fault
        {
            Kind = kind,
            PathPrefix = query["path"].ToString() is { Length: > 0 } path ? path : "/",
            Status = int.TryParse(query["status"].ToString(), CultureInfo.InvariantCulture, out var status) ? Math.Clamp(status, 400, 599) : 500,
            Delay = TimeSpan.FromSeconds(double.TryParse(query["seconds"].ToString(), CultureInfo.InvariantCulture, out var seconds) ? Math.Clamp(seconds, 0, 600) : 1),
        });
        return (200, $"{kind} from now on\n");
    }

    private (int, string) Repair()
    {
        faults.Clear();
        return (200, "everything works again\n");
    }

    private SimulatedUser? User(IQueryCollection query) => account.FindUser(query["user"].ToString());
}
