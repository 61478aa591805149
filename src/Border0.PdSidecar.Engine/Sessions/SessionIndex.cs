using System.Collections.Concurrent;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>Which sessions depend on which services. Thread-safe; one session is put and removed under its own lock.</summary>
internal sealed class SessionIndex
{
    private const int MostEmptyRoom = 256;

    private readonly ConcurrentDictionary<ServiceKey, HashSet<OpenSession>> _byService = new();
    private ServiceKey[] _last = [];

    /// <summary>Makes a session depend on services, and on no others.</summary>
    public void Put(OpenSession session, ServiceKey[] services)
    {
        // Session after session depends on the same ones.
        var last = Volatile.Read(ref _last);
        if (last.AsSpan().SequenceEqual(services))
        {
            services = last;
        }
        else
        {
            Volatile.Write(ref _last, services);
        }

        foreach (var gone in session.Services)
        {
            if (!services.AsSpan().Contains(gone))
            {
                Remove(session, gone);
            }
        }

        foreach (var service in services)
        {
            var sessions = _byService.GetOrAdd(service, static _ => []);
            lock (sessions)
            {
                sessions.Add(session);
            }
        }

        session.Services = services;
    }

    /// <summary>Forgets a session.</summary>
    public void Remove(OpenSession session)
    {
        foreach (var service in session.Services)
        {
            Remove(session, service);
        }

        session.Services = [];
    }

    /// <summary>The sessions that depend on a service, as it is now.</summary>
    public OpenSession[] Of(ServiceKey service)
    {
        if (!_byService.TryGetValue(service, out var sessions))
        {
            return [];
        }

        lock (sessions)
        {
            return [.. sessions];
        }
    }

    // An emptied set stays, for whoever is about to put a session into it; there are no more of them than services that policies named.
    private void Remove(OpenSession session, ServiceKey service)
    {
        if (!_byService.TryGetValue(service, out var sessions))
        {
            return;
        }

        lock (sessions)
        {
            if (sessions.Remove(session) && sessions.Count == 0 && sessions.Capacity > MostEmptyRoom)
            {
                // Its room for ten thousand is not to stay when they are gone.
                sessions.TrimExcess();
            }
        }
    }
}
