using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Storage.Etcd.Connection;

namespace Border0.PdSidecar.Fleet.Election;

/// <summary>Who is in the fleet and who polls what, as far as it was followed. Safe from any thread.</summary>
internal sealed class FleetView(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _begun = time.GetTimestamp();
    private readonly Dictionary<string, (string Name, TimeSpan Since)> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<IntegrationKey, Poller> _pollers = [];
    private readonly Dictionary<IntegrationKey, TimeSpan> _vacant = [];
    private bool _isKnown;

    /// <param name="Member">Its id.</param>
    /// <param name="Token">The fencing token: the revision at which the election key was made.</param>
    /// <param name="Lease">The lease that it goes with.</param>
    public readonly record struct Poller(string Member, long Token, long Lease);

    /// <summary>By a clock that only goes on.</summary>
    public TimeSpan Now => time.GetElapsedTime(_begun);

    /// <summary>Whether anything is known at all: before, nobody is known to be absent.</summary>
    public bool IsKnown
    {
        get
        {
            lock (_lock)
            {
                return _isKnown;
            }
        }
    }

    /// <summary>Every member and since when it is known to be one.</summary>
    public IReadOnlyDictionary<string, TimeSpan> Members
    {
        get
        {
            lock (_lock)
            {
                return _members.ToDictionary(m => m.Key, m => m.Value.Since, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>Who polls; null for nobody.</summary>
    public Poller? PollerOf(IntegrationKey integration)
    {
        lock (_lock)
        {
            return _pollers.TryGetValue(integration, out var poller) ? poller : null;
        }
    }

    /// <summary>The integrations that a member polls.</summary>
    public IReadOnlyList<IntegrationKey> PolledBy(string member)
    {
        lock (_lock)
        {
            return [.. _pollers.Where(p => p.Value.Member == member).Select(p => p.Key)];
        }
    }

    /// <summary>Since when nobody polls; since now, when that was not known.</summary>
    public TimeSpan VacantSince(IntegrationKey integration)
    {
        lock (_lock)
        {
            if (!_vacant.TryGetValue(integration, out var since))
            {
                _vacant.Add(integration, since = Now);
            }

            return since;
        }
    }

    /// <summary>A member's name; its id when that is all that is known of it.</summary>
    public string NameOf(string member)
    {
        lock (_lock)
        {
            return _members.TryGetValue(member, out var known) ? known.Name : member;
        }
    }

    /// <summary>All that there is.</summary>
    public void Take(EtcdListing listing)
    {
        lock (_lock)
        {
            var members = listing.Records.Where(r => r.Key.StartsWith(FleetKeys.Members, StringComparison.Ordinal)).ToDictionary(r => r.Key);
            foreach (var gone in _members.Keys.Where(m => !members.ContainsKey(FleetKeys.Member(m))).ToList())
            {
                _members.Remove(gone);
            }

            foreach (var gone in _pollers.Keys.Where(p => listing.Records.All(r => r.Key != FleetKeys.Poller(p))).ToList())
            {
                Vacate(gone);
            }

            foreach (var record in listing.Records)
            {
                Take(record);
            }

            _isKnown = true;
        }
    }

    /// <summary>A change of a key. False when it is none of these.</summary>
    public bool Take(EtcdChange change)
    {
        lock (_lock)
        {
            if (!change.IsDeleted)
            {
                return Take(change.Record);
            }

            if (change.Record.Key.StartsWith(FleetKeys.Members, StringComparison.Ordinal))
            {
                return _members.Remove(change.Record.Key[FleetKeys.Members.Length..]);
            }

            if (FleetKeys.TryRead(change.Record.Key, FleetKeys.Pollers, out var integration, out _))
            {
                Vacate(integration);
                return true;
            }

            return false;
        }
    }

    private bool Take(EtcdRecord record)
    {
        if (record.Key.StartsWith(FleetKeys.Members, StringComparison.Ordinal))
        {
            var id = record.Key[FleetKeys.Members.Length..];
            _members[id] = (record.Value.ToStringUtf8(), _members.TryGetValue(id, out var known) ? known.Since : Now);
            return true;
        }

        if (FleetKeys.TryRead(record.Key, FleetKeys.Pollers, out var integration, out _))
        {
            _pollers[integration] = new Poller(record.Value.ToStringUtf8(), record.CreateRevision, record.Lease);
            _vacant.Remove(integration);
            return true;
        }

        return false;
    }

    private void Vacate(IntegrationKey integration)
    {
        _pollers.Remove(integration);
        _vacant[integration] = Now;
    }
}
