using Border0.PdSidecar.Fleet.Tests.Sidecars;
using Border0.PdSidecar.Simulator.Model;

namespace Border0.PdSidecar.Proofs.Tests.Fleets;

/// <summary>Which services had an open incident when: what the account truly was.</summary>
internal sealed class FleetTruth(FleetAccount account)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<(DateTimeOffset At, bool Open)>> _history = account.Services.ToDictionary(s => s.Id, _ => new List<(DateTimeOffset, bool)> { (DateTimeOffset.MinValue, false) });
    private readonly Dictionary<string, SimulatedIncident> _open = [];

    public bool IsOpen(string service)
    {
        lock (_lock)
        {
            return _history[service][^1].Open;
        }
    }

    /// <summary>Since when the service has been as it is.</summary>
    public DateTimeOffset Since(string service)
    {
        lock (_lock)
        {
            return _history[service][^1].At;
        }
    }

    /// <summary>Whether there was an instant within [from, to] at which the service had an open incident.</summary>
    public bool WasOpenWithin(string service, DateTimeOffset from, DateTimeOffset to)
    {
        lock (_lock)
        {
            var history = _history[service];
            return history.Where((h, i) => h.Open && h.At <= to && (i + 1 == history.Count || history[i + 1].At >= from)).Any();
        }
    }

    /// <summary>Opens an incident of the service, or ends the one that is open.</summary>
    public (SimulatedIncident Incident, bool Resolved) Toggle(SimulatedService service)
    {
        lock (_lock)
        {
            // Noted from before to after: what is seen in between is either.
            var before = DateTimeOffset.UtcNow;
            if (_open.Remove(service.Id, out var incident))
            {
                account.Account.Resolve(incident);
                _history[service.Id].Add((DateTimeOffset.UtcNow, false));
                return (incident, true);
            }

            incident = account.Account.TriggerIncident(service, "down");
            _open.Add(service.Id, incident);
            _history[service.Id].Add((before, true));
            return (incident, false);
        }
    }
}
