using System.Collections.Concurrent;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>Every connector's event log. Thread-safe.</summary>
internal sealed class ConnectorLogs
{
    private readonly ISessionJournal _journal;
    private readonly SessionOptions _options;
    private readonly ConcurrentQueue<ConnectorLog> _published = new();
    private readonly ConcurrentDictionary<(string OrganizationId, string ConnectorId), ConnectorLog> _logs = new();
    private readonly Guid _unrecorded = Guid.NewGuid();
    private Guid _epoch = Guid.NewGuid();

    public ConnectorLogs(ISessionJournal journal, SessionOptions options)
    {
        (_journal, _options) = (journal, options);
        journal.GroupSettled += WakeWatches;
    }

    public void Restore(JournalState state)
    {
        _epoch = state.Epoch;
        foreach (var ((organization, connector), head) in state.Heads)
        {
            Of(organization, connector).Restore(head, []);
        }

        foreach (var events in state.Events.GroupBy(e => (e.OrganizationId, e.ConnectorId)))
        {
            var (organization, connector) = events.Key;
            Of(organization, connector).Restore(state.Heads.GetValueOrDefault(events.Key), events.OrderBy(e => e.Revision));
        }
    }

    public ConnectorLog Of(string organizationId, string connectorId) => _logs.GetOrAdd(
        (organizationId, connectorId), static (key, self) => new ConnectorLog(key.OrganizationId, key.ConnectorId, (self._epoch, self._unrecorded), self._journal, self._options, self._published.Enqueue), this);

    /// <summary>Whether the connector is known, or there is room for one more.</summary>
    public bool HasRoomFor(string organizationId, string connectorId) => _logs.ContainsKey((organizationId, connectorId)) || _logs.Count < _options.MaxConnectors;

    public ConnectorLog? Find(string organizationId, string connectorId) => _logs.GetValueOrDefault((organizationId, connectorId));

    /// <summary>All of them, without a lock.</summary>
    public IEnumerable<ConnectorLog> All => _logs.Select(l => l.Value);

    /// <summary>One change may publish a hundred events of a connector: its watches are woken once.</summary>
    private void WakeWatches()
    {
        while (_published.TryDequeue(out var log))
        {
            log.WakeWatches();
        }
    }
}
