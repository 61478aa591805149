using System.Collections.Concurrent;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>Every connector's event log. Thread-safe.</summary>
internal sealed class ConnectorLogs(ISessionJournal journal, SessionOptions options)
{
    private readonly ConcurrentDictionary<(string OrganizationId, string ConnectorId), ConnectorLog> _logs = new();
    private readonly Guid _unrecorded = Guid.NewGuid();
    private Guid _epoch = Guid.NewGuid();

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
        (organizationId, connectorId), static (key, self) => new ConnectorLog(key.OrganizationId, key.ConnectorId, (self._epoch, self._unrecorded), self.Journal, self.Options), this);

    public ConnectorLog? Find(string organizationId, string connectorId) => _logs.GetValueOrDefault((organizationId, connectorId));

    private ISessionJournal Journal => journal;

    private SessionOptions Options => options;
}
