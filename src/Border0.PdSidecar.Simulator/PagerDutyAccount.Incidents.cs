using Border0.PdSidecar.Simulator.Model;

namespace Border0.PdSidecar.Simulator;

/// <summary>Incidents and what responders do with them.</summary>
public sealed partial class PagerDutyAccount
{
    private readonly Dictionary<string, SimulatedIncident> _incidents = [];
    private int _incidentNumber;

    /// <summary>Every incident, oldest first.</summary>
    public IReadOnlyList<SimulatedIncident> Incidents => Read(() => _incidents.Values.OrderBy(i => i.Number).ToList());

    /// <summary>Triggers an incident; it is assigned to whoever is on call at the lowest level that has somebody.</summary>
    public SimulatedIncident TriggerIncident(SimulatedService service, string title, DateTimeOffset? createdAt = null)
    {
        var now = time.GetUtcNow();
        var incident = Read(() =>
        {
            var number = ++_incidentNumber;
            var made = new SimulatedIncident
            {
                Id = "Q" + NewId() + NewId()[1..],
                Number = number,
                Title = title,
                Service = service,
                CreatedAt = createdAt ?? now,
                StatusChangedAt = createdAt ?? now,
            };
            var onCall = OnCallsOf(service.EscalationPolicy).Where(o => o.Start is null || (o.Start <= now && now < o.End)).ToList();
            foreach (var responder in onCall.Where(o => o.Level == onCall.Min(x => x.Level)))
            {
                made.Assignments.Add((responder.User, made.CreatedAt));
            }

            _incidents.Add(made.Id, made);
            return made;
        });
        Tell("incident.triggered", incident);
        return incident;
    }

    /// <summary>Acknowledges an incident.</summary>
    public void Acknowledge(SimulatedIncident incident, SimulatedUser user) => Change(incident, "incident.acknowledged", now =>
    {
        SetStatus(incident, "acknowledged", now);
        incident.Acknowledgements.RemoveAll(a => a.User == user);
        incident.Acknowledgements.Add((user, now));
    });

    /// <summary>The acknowledgement times out, or the snooze ends: triggered again.</summary>
    public void Unacknowledge(SimulatedIncident incident) => Change(incident, "incident.unacknowledged", now =>
    {
        SetStatus(incident, "triggered", now);
        incident.Acknowledgements.Clear();
        incident.SnoozedUntil = null;
    });

    /// <summary>Snoozes an acknowledged incident: it stays acknowledged until then.</summary>
    public void Snooze(SimulatedIncident incident, SimulatedUser user, TimeSpan duration)
    {
        Acknowledge(incident, user);
        Write(() => incident.SnoozedUntil = time.GetUtcNow() + duration);
    }

    /// <summary>Resolves an incident.</summary>
    public void Resolve(SimulatedIncident incident) => Change(incident, "incident.resolved", now =>
    {
        SetStatus(incident, "resolved", now);
        incident.Assignments.Clear();
        incident.Acknowledgements.Clear();
    });

    /// <summary>Reopens a resolved incident.</summary>
    public void Reopen(SimulatedIncident incident) => Change(incident, "incident.reopened", now =>
    {
        SetStatus(incident, "triggered", now);
        incident.ReopenedAt = now;
    });

    /// <summary>Merges an incident into another: it is resolved, with the other as the reason.</summary>
    public void Merge(SimulatedIncident incident, SimulatedIncident into) => Change(incident, "incident.resolved", now =>
    {
        SetStatus(incident, "resolved", now);
        incident.MergedInto = into;
        incident.Assignments.Clear();
        incident.Acknowledgements.Clear();
    });

    /// <summary>Assigns an incident to another user.</summary>
    public void Reassign(SimulatedIncident incident, SimulatedUser user) => Change(incident, "incident.reassigned", now =>
    {
        incident.Assignments.Clear();
        incident.Assignments.Add((user, now));
    });

    /// <summary>Moves an incident to another service.</summary>
    public void MoveTo(SimulatedIncident incident, SimulatedService service) =>
        Change(incident, "incident.service_updated", _ => incident.Service = service);

    /// <summary>Finds an incident by id or number.</summary>
    public SimulatedIncident? FindIncident(string idOrNumber) => Read(() => _incidents.GetValueOrDefault(idOrNumber)
        ?? (int.TryParse(idOrNumber, out var number) ? _incidents.Values.FirstOrDefault(i => i.Number == number) : null));

    /// <summary>Who is on call for an escalation policy, at every level, in every known shift, as things stand now.</summary>
    public IReadOnlyList<SimulatedOnCall> OnCalls(SimulatedEscalationPolicy policy) => Read(() => OnCallsOf(policy).ToList());

    /// <summary>Who is on call for an escalation policy, at every level, in every known shift. The account's lock is held.</summary>
    internal static IEnumerable<SimulatedOnCall> OnCallsOf(SimulatedEscalationPolicy policy)
    {
        for (var level = 0; level < policy.Levels.Count; level++)
        {
            foreach (var target in policy.Levels[level])
            {
                if (target.User is { } user)
                {
                    yield return new SimulatedOnCall(policy, level + 1, user, null, null, null);
                }

                foreach (var shift in target.Schedule?.Effective() ?? [])
                {
                    yield return new SimulatedOnCall(policy, level + 1, shift.User, target.Schedule, shift.Start, shift.End);
                }
            }
        }
    }

    private static void SetStatus(SimulatedIncident incident, string status, DateTimeOffset now) =>
        (incident.Status, incident.StatusChangedAt) = (status, now);

    private void Change(SimulatedIncident incident, string type, Action<DateTimeOffset> change)
    {
        var now = time.GetUtcNow();
        Write(() => change(now));
        Tell(type, incident);
    }

    private void Tell(string type, SimulatedIncident incident) =>
        Happened?.Invoke(new WebhookEvent(type, time.GetUtcNow(), incident, incident.Service, null, null));
}

/// <summary>One entry of <c>/oncalls</c>.</summary>
/// <param name="Policy">The escalation policy.</param>
/// <param name="Level">The level, from 1.</param>
/// <param name="User">Who.</param>
/// <param name="Schedule">The schedule; null for a user whom the policy names directly.</param>
/// <param name="Start">Null for always.</param>
/// <param name="End">Null for always.</param>
public sealed record SimulatedOnCall(
    SimulatedEscalationPolicy Policy, int Level, SimulatedUser User, SimulatedSchedule? Schedule, DateTimeOffset? Start, DateTimeOffset? End);

/// <summary>Something that webhooks tell of.</summary>
/// <param name="Type">PagerDuty's event type.</param>
/// <param name="OccurredAt">When.</param>
/// <param name="Incident">The incident, as it is now.</param>
/// <param name="Service">The service.</param>
/// <param name="Body">The body, once it was made.</param>
/// <param name="OnlySubscription">The one subscription that hears it; null for all that fit.</param>
internal sealed record WebhookEvent(
    string Type, DateTimeOffset OccurredAt, SimulatedIncident? Incident, SimulatedService? Service, byte[]? Body, string? OnlySubscription);
