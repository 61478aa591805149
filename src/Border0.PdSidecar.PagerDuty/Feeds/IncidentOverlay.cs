using System.Diagnostics.CodeAnalysis;
using Border0.PdSidecar.Engine.Facts;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>
/// Remembers what webhooks said of incidents until polls have caught up, so that a poll that began too early does not undo
/// an event and a late event does not undo a later one. Not safe for several threads: used under the facts' writers' lock.
/// </summary>
internal sealed class IncidentOverlay(TimeSpan grace)
{
    // An account with more incidents changing within a grace than this has polls to rely on.
    private const int Capacity = 20_000;

    private readonly Dictionary<string, OverlaidIncident> _byIncident = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _byService = new(StringComparer.Ordinal);

    /// <summary>What is remembered of an incident.</summary>
    public bool TryGet(string incidentId, [MaybeNullWhen(false)] out OverlaidIncident known) =>
        _byIncident.TryGetValue(incidentId, out known);

    /// <summary>Remembers an event.</summary>
    public void Put(OverlaidIncident incident)
    {
        Remove(incident.IncidentId);
        if (_byIncident.Count >= Capacity)
        {
            Remove(_byIncident.Values.MinBy(i => i.EventTime)!.IncidentId);
        }

        _byIncident.Add(incident.IncidentId, incident);
        if (!_byService.TryGetValue(incident.ServiceId, out var incidents))
        {
            _byService.Add(incident.ServiceId, incidents = new HashSet<string>(StringComparer.Ordinal));
        }

        incidents.Add(incident.IncidentId);
    }

    /// <summary>Whether a webhook said that an incident is resolved or elsewhere, which no poll could know better yet.</summary>
    public bool SaysGone(string incidentId, string serviceId, DateTimeOffset pollBegan) =>
        _byIncident.TryGetValue(incidentId, out var said)
        && Outranks(said, pollBegan)
        && (said.Open is null || said.ServiceId != serviceId);

    /// <summary>What a poll found, with what it could not know yet put right.</summary>
    public IncidentFacts Correct(IncidentFacts polled)
    {
        if (_byIncident.Count == 0)
        {
            return polled;
        }

        var rows = polled.Open.ToDictionary(i => i.Id, StringComparer.Ordinal);
        var changed = false;
        foreach (var row in polled.Open)
        {
            if (SaysGone(row.Id, polled.ServiceId, polled.AsOf))
            {
                changed |= rows.Remove(row.Id);
            }
        }

        foreach (var id in _byService.GetValueOrDefault(polled.ServiceId) ?? [])
        {
            var said = _byIncident[id];
            // Rows tell more than events (e-mail addresses), so one that agrees is kept.
            if (said.Open is { } incident
                && Outranks(said, polled.AsOf)
                && !(rows.TryGetValue(id, out var row) && Agree(row, incident)))
            {
                rows[id] = incident;
                changed = true;
            }
        }

        return changed ? polled with { Open = [.. rows.Values.OrderBy(i => i.Id, StringComparer.Ordinal)] } : polled;
    }

    /// <summary>Forgets what every later poll knows: <paramref name="allPolledSince"/> is when the oldest poll in use began.</summary>
    public void Prune(DateTimeOffset allPolledSince) => Forget(said => !Outranks(said, allPolledSince));

    /// <summary>Forgets events.</summary>
    public void Forget(Func<OverlaidIncident, bool> which)
    {
        foreach (var said in _byIncident.Values.Where(which).ToList())
        {
            Remove(said.IncidentId);
        }
    }

    private void Remove(string incidentId)
    {
        if (_byIncident.Remove(incidentId, out var said) && _byService.TryGetValue(said.ServiceId, out var incidents))
        {
            incidents.Remove(incidentId);
            if (incidents.Count == 0)
            {
                _byService.Remove(said.ServiceId);
            }
        }
    }

    private bool Outranks(OverlaidIncident said, DateTimeOffset pollBegan) => pollBegan < said.EventTime + grace;

    private static bool Agree(OpenIncident row, OpenIncident said) =>
        row.Acknowledged == said.Acknowledged
        && row.Assignees.Select(u => u.Id).SequenceEqual(said.Assignees.Select(u => u.Id));
}
