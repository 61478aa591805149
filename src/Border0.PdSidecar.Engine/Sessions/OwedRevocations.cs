namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>The sessions whose revocation a watcher has still to read. For one adoption, on one thread.</summary>
internal sealed class OwedRevocations
{
    private readonly ConnectorLog _log;
    private readonly long _cursor;
    private long _head;
    private HashSet<string> _keys = [];

    public OwedRevocations(ConnectorLog log, long cursor) => (_log, _cursor, _head) = (log, cursor, cursor);

    /// <summary>Whether a session was revoked after the watcher's cursor. Looked up anew when more was appended meanwhile.</summary>
    public bool Contains(string sessionKey)
    {
        if (_log.Head is var head && head != _head)
        {
            (_head, _keys) = (head, _log.RevokedAfter(_cursor));
        }

        return _keys.Contains(sessionKey);
    }
}
