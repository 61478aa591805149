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
            _byService.GetOrAdd(service, static _ => new ConcurrentDictionary<OpenSession, bool>(ReferenceEqualityComparer.Instance))[session] = true;
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

    // An emptied set stays, for whoever is about to put a session into it; there are no more of them than services that policies named.
    private void Remove(OpenSession session, ServiceKey service)
    {
        if (_byService.TryGetValue(service, out var sessions))
        {
            sessions.TryRemove(session, out _);
        }
    }
}
