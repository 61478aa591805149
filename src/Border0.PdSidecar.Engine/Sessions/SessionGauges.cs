using System.Diagnostics.Metrics;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>What can be read off the sessions at any moment, on the product's meter, without a lock.</summary>
internal sealed class SessionGauges : IDisposable
{
    private readonly Meter _meter = new("Border0.PdSidecar");

    public SessionGauges(Func<int> open, ConnectorLogs logs)
    {
        _meter.CreateObservableGauge("pdsidecar.sessions.open", open, "{session}", "Open sessions.");
        _meter.CreateObservableGauge("pdsidecar.watches.open", () => logs.All.Sum(l => l.Watches.Count), "{stream}", "WatchSessions streams.");
        _meter.CreateObservableGauge("pdsidecar.connectors.unwatched", () => logs.All.Count(l => l.OpenSessions > 0 && !l.IsWatched), "{connector}", "Connectors with open sessions that no stream watches: nobody there would hear of a revocation.");
        _meter.CreateObservableGauge(
            "pdsidecar.watches.lag", () => logs.All.SelectMany(l => l.Watches).Select(w => w.Behind).DefaultIfEmpty(0).Max(), "{event}", "Events that the slowest WatchSessions stream has not been given yet.");
    }

    public void Dispose() => _meter.Dispose();
}
