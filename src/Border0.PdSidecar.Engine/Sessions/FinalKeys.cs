using System.Collections.Concurrent;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>Session keys that were ended for good. Bounded: past the bound the oldest are forgotten. Thread-safe.</summary>
internal sealed class FinalKeys(int most)
{
    private readonly ConcurrentDictionary<(string OrganizationId, string SessionKey), DateTimeOffset> _until = new();
    private readonly ConcurrentQueue<(string, string)> _order = new();

    public void Add(string organizationId, string sessionKey, DateTimeOffset until)
    {
        if (!_until.TryAdd((organizationId, sessionKey), until))
        {
            _until[(organizationId, sessionKey)] = until;
            return;
        }

        _order.Enqueue((organizationId, sessionKey));
        while (_order.Count > most && _order.TryDequeue(out var oldest))
        {
            _until.TryRemove(oldest, out _);
        }
    }

    public bool Contains(string organizationId, string sessionKey, DateTimeOffset now) =>
        !_until.IsEmpty && _until.TryGetValue((organizationId, sessionKey), out var until) && now < until;
}
