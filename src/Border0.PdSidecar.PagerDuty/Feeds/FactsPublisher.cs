using System.Collections.Immutable;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Webhooks;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>
/// Puts one integration's news into the facts, so that of two pieces of news the newer wins whatever order they come in.
/// All its state is used under the facts' writers' lock; safe from any thread.
/// </summary>
internal sealed class FactsPublisher(IntegrationKey key, FactsStore facts, PagerDutyFeedOptions options, TimeProvider time)
{
    // Clocks of two machines differ a little; an incident that opened "just before" the last poll is news all the same.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(1);
    private const int MaxUsers = 50_000;

    private readonly IncidentOverlay _overlay = new(options.WebhookGrace);
    private readonly Dictionary<string, PagerDutyUser> _users = new(StringComparer.Ordinal);
    private bool _stopped;

    /// <summary>Is told that something was published, on the publisher's thread and outside the lock; must be quick. Null: nobody is.</summary>
    public Action? Published { get; set; }

    /// <summary>What is known now.</summary>
    public IntegrationFacts Current => facts.Current.Of(key);

    /// <summary>Publishes nothing any more, also of what is under way.</summary>
    public void Stop() => facts.Apply(key, _ =>
    {
        _stopped = true;
        return null;
    });

    /// <summary>Publishes what polls found. Anything older than what is known is left out.</summary>
    /// <param name="services">Services.</param>
    /// <param name="incidents">Open incidents.</param>
    /// <param name="policies">On-call shifts.</param>
    /// <param name="isLater">
    /// It was found later than what is known, whatever the instants say: by another sidecar, whose clock is behind that of the one
    /// which polled before.
    /// </param>
    public void Publish(
        IReadOnlyCollection<ServiceFacts>? services = null,
        IReadOnlyCollection<IncidentFacts>? incidents = null,
        IReadOnlyCollection<EscalationPolicyFacts>? policies = null,
        bool isLater = false) =>
        Apply(before =>
        {
            Remember(incidents?.SelectMany(i => i.Open).SelectMany(i => i.Assignees.Concat(i.Acknowledgers)));
            Remember(policies?.SelectMany(p => p.Shifts).Select(s => s.User));
            _overlay.Forget(said => IsAhead(said.EventTime));
            var update = new FactsUpdate
            {
                Services = Newer(services, before.Services, s => s.Id, s => s.AsOf, isLater),
                EscalationPolicies = Newer(policies, before.EscalationPolicies, p => p.Id, p => p.AsOf, isLater),
                Incidents =
                [
                    .. Newer(incidents, before.Incidents, i => i.ServiceId, i => i.AsOf, isLater)
                        .Select(i => WithChange(_overlay.Correct(i), before)),
                ],
            };

            if (update.Incidents.Count > 0)
            {
                var polled = update.Incidents.Select(i => i.ServiceId).ToHashSet(StringComparer.Ordinal);
                _overlay.Prune(update.Incidents
                    .Concat(before.Incidents.Values.Where(i => !polled.Contains(i.ServiceId))).Min(i => i.AsOf));
            }

            return update;
        });

    /// <summary>Publishes facts that were kept at rest, where nothing newer is known.</summary>
    public void Restore(IntegrationFacts kept) => Apply(before => new FactsUpdate
    {
        Services = [.. kept.Services.Values.Where(s => !before.Services.ContainsKey(s.Id))],
        Incidents = [.. kept.Incidents.Values.Where(i => !before.Incidents.ContainsKey(i.ServiceId))],
        EscalationPolicies = [.. kept.EscalationPolicies.Values.Where(p => !before.EscalationPolicies.ContainsKey(p.Id))],
    });

    /// <summary>Says whether PagerDuty refuses the key.</summary>
    public void PublishRefusal(bool refused) =>
        Apply(before => before.Unauthorized == refused ? null : new FactsUpdate { Unauthorized = refused });

    /// <summary>Forgets services that are not wanted any more, and escalation policies that no service uses.</summary>
    /// <param name="isWanted">Whether to keep a service's facts, by its id and their instant.</param>
    public void Forget(Func<string, DateTimeOffset, bool> isWanted) => Apply(before =>
    {
        var gone = before.Services.Values.Select(s => (s.Id, s.AsOf))
            .Concat(before.Incidents.Values.Select(i => (Id: i.ServiceId, i.AsOf)))
            .Where(s => !isWanted(s.Id, s.AsOf)).Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        var used = before.Services.Values.Where(s => !gone.Contains(s.Id)).Select(s => s.EscalationPolicyId).ToHashSet();
        var policies = before.EscalationPolicies.Keys.Where(id => !used.Contains(id)).ToList();
        return gone.Count == 0 && policies.Count == 0
            ? null
            : new FactsUpdate { ForgottenServices = gone, ForgottenEscalationPolicies = policies };
    });

    /// <summary>Whether a webhook said that an incident is gone from a service, later than a poll could know.</summary>
    public bool WebhookSaidGone(string incidentId, string serviceId, DateTimeOffset pollBegan)
    {
        var gone = false;
        facts.Apply(key, _ =>
        {
            gone = _overlay.SaysGone(incidentId, serviceId, pollBegan);
            return null;
        });
        return gone;
    }

    /// <summary>Applies an incident's new state at once.</summary>
    public EventEffect Publish(WebhookIncident incident, DateTimeOffset occurredAt)
    {
        var effect = EventEffect.None;
        Apply(before =>
        {
            var now = time.GetUtcNow();
            var holders = before.Incidents.Values.Where(i => i.Open.Any(o => o.Id == incident.Id)).ToList();
            var asOf = before.Incidents.TryGetValue(incident.ServiceId, out var target)
                ? target.AsOf
                : holders.Count > 0 ? holders.Min(h => h.AsOf) : (DateTimeOffset?)null;
            if (_overlay.TryGet(incident.Id, out var said) && said.OccurredAt > occurredAt)
            {
                // Late: a later event of this incident is known.
                return null;
            }

            var eventTime = occurredAt < now ? occurredAt : now;
            if (asOf is null)
            {
                // Nothing known to change; but a first poll may be under way that began before this.
                var opened = incident.Resolved ? null : Open(incident, null);
                _overlay.Put(new OverlaidIncident(incident.Id, incident.ServiceId, opened, occurredAt, eventTime));
                return null;
            }

            // An event may come up to 48 hours late. What a poll has seen since is newer: then the event only says where to
            // look. An end is believed a little longer than a beginning, since a lagging answer must not keep anyone in.
            var tolerance = incident.Resolved ? options.WebhookGrace : ClockTolerance;
            if (occurredAt <= asOf - tolerance)
            {
                effect = EventEffect.Look;
                return null;
            }

            var known = holders.SelectMany(h => h.Open).FirstOrDefault(o => o.Id == incident.Id);
            var open = incident.Resolved ? null : Open(incident, known);
            _overlay.Put(new OverlaidIncident(incident.Id, incident.ServiceId, open, occurredAt, eventTime));
            effect = open is not null && open.Assignees.Concat(open.Acknowledgers).Any(u => u.Email.Length == 0)
                ? EventEffect.AppliedInPart
                : EventEffect.Applied;

            var touched = holders.Where(h => h.ServiceId != incident.ServiceId).ToList();
            if (target is not null)
            {
                touched.Add(target);
            }

            return new FactsUpdate
            {
                Incidents =
                [
                    .. touched.Select(t => (Was: t, Is: _overlay.Correct(t)))
                        .Where(t => !t.Was.SaysTheSameAs(t.Is))
                        .Select(t => t.Is with { ChangedAt = occurredAt }),
                ],
            };
        });
        return effect;
    }

    private OpenIncident Open(WebhookIncident incident, OpenIncident? known)
    {
        ImmutableArray<PagerDutyUser> acknowledgers = [];
        if (incident.Acknowledged)
        {
            var by = incident.AcknowledgedBy is { } id ? (IEnumerable<PagerDutyUser>)[User(id)] : [];
            acknowledgers =
            [
                .. (known?.Acknowledgers ?? []).Concat(by).DistinctBy(u => u.Id).OrderBy(u => u.Id, StringComparer.Ordinal),
            ];
        }

        return new OpenIncident
        {
            Id = incident.Id,
            Number = incident.Number != 0 ? incident.Number : known?.Number ?? 0,
            Title = incident.Title.Length > 0 ? incident.Title : known?.Title ?? "",
            Acknowledged = incident.Acknowledged,
            Assignees = [.. incident.AssigneeIds.Select(User).OrderBy(u => u.Id, StringComparer.Ordinal)],
            Acknowledgers = acknowledgers,
        };
    }

    private PagerDutyUser User(string id) => _users.GetValueOrDefault(id) ?? new PagerDutyUser(id, "", "");

    private void Remember(IEnumerable<PagerDutyUser>? users)
    {
        foreach (var user in users ?? [])
        {
            if (user.Email.Length == 0)
            {
                continue;
            }

            if (_users.Count >= MaxUsers)
            {
                _users.Clear();
            }

            _users[user.Id] = user;
        }
    }

    private static IncidentFacts WithChange(IncidentFacts polled, IntegrationFacts before) =>
        before.Incidents.TryGetValue(polled.ServiceId, out var known) && known.SaysTheSameAs(polled)
            ? polled with { ChangedAt = known.ChangedAt }
            : polled;

    private IReadOnlyCollection<T> Newer<T>(
        IReadOnlyCollection<T>? polled,
        IReadOnlyDictionary<string, T> known,
        Func<T, string> id,
        Func<T, DateTimeOffset> asOf,
        bool isLater) =>
        polled is null ? [] : isLater ? polled : [.. polled.Where(p => !known.TryGetValue(id(p), out var k) || asOf(k) <= asOf(p) || IsAhead(asOf(k)))];

    /// <summary>Whether an instant has not come yet: the clock has been set back since, and what is known is older than it seems.</summary>
    private bool IsAhead(DateTimeOffset instant) => instant > time.GetUtcNow() + ClockTolerance;

    private void Apply(Func<IntegrationFacts, FactsUpdate?> update)
    {
        var published = false;
        facts.Apply(key, before =>
        {
            var put = _stopped ? null : update(before);
            published = put is not null;
            return put;
        });
        if (published)
        {
            Published?.Invoke();
        }
    }
}
