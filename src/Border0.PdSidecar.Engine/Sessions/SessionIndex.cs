using System.Collections.Concurrent;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>Which sessions depend on which services. Thread-safe; one session is put and removed under its own lock.</summary>
internal sealed class SessionIndex
{
    private readonly ConcurrentDictionary<ServiceKey, ConcurrentDictionary<OpenSession, bool>> _byService = new();

    public void Put(OpenSession session, IReadOnlyCollection<ServiceKey> services)
    {
        foreach (var gone in session.Services.Except(services))
        {
            Remove(session, gone);
        }

        foreach (var service in services)
        {
            // An emptied set is taken out below; the one that is added to must still be there afterwards.
            while (true)
            {
                var sessions = _byService.GetOrAdd(service, _ => new ConcurrentDictionary<OpenSession, bool>(ReferenceEqualityComparer.Instance));
                sessions[session] = true;
                if (_byService.TryGetValue(service, out var current) && ReferenceEquals(current, sessions))
                {
                    break;
                }
            }
        }

        session.Services = services;
    }

    public void Remove(OpenSession session)
    {
        foreach (var service in session.Services)
        {
            Remove(session, service);
        }

        session.Services = [];
    }

    public IEnumerable<OpenSession> Of(ServiceKey service) => _byService.TryGetValue(service, out var sessions) ? sessions.Keys : [];

    private void Remove(OpenSession session, ServiceKey service)
    {
        if (_byService.TryGetValue(service, out var sessions) && sessions.TryRemove(session, out _) && sessions.IsEmpty)
        {
            _byService.TryRemove(new(service, sessions));
            foreach (var late in sessions.Keys)
            {
                // Added while the set was taken out.
                _byService.GetOrAdd(service, _ => new ConcurrentDictionary<OpenSession, bool>(ReferenceEqualityComparer.Instance))[late] = true;
            }
        }
    }
}
