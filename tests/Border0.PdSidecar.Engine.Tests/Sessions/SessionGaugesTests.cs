using System.Diagnostics.Metrics;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

public class SessionGaugesTests
{
    [Fact]
    public void Gauges_TellWhatIsOpen_WatchedAndBehind_UntilTheyAreDisposedOf()
    {
        var logs = new ConnectorLogs(new MemorySessionJournal(), new SessionOptions());
        logs.Of(World.Organization, "unwatched").Count(2);
        logs.Of(World.Organization, "empty");
        logs.Of(World.Organization, "watched").Count(1);
        var thread = Environment.CurrentManagedThreadId;
        var (published, seen) = (new List<Instrument>(), new Dictionary<string, long>());
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                // Those of other tests come from other threads.
                if (Environment.CurrentManagedThreadId == thread && instrument.Meter.Name == "Border0.PdSidecar")
                {
                    published.Add(instrument);
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => seen[instrument.Name] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => seen[instrument.Name] = value);
        listener.Start();
        foreach (var earlier in published)
        {
            listener.DisableMeasurementEvents(earlier);
        }

        published.Clear();
        using (new SessionGauges(() => 7, logs))
        {
            listener.RecordObservableInstruments();
            Assert.Equal(("0", "0"), ($"{seen["pdsidecar.watches.open"]}", $"{seen["pdsidecar.watches.lag"]}"));

            Watch(logs, "watched", events: 3, watches: 1);
            Watch(logs, "empty", events: 5, watches: 2);
            listener.RecordObservableInstruments();

            Assert.Equal(
                [
                    ("pdsidecar.sessions.open", "{session}", "Open sessions.", 7),
                    ("pdsidecar.watches.open", "{stream}", "WatchSessions streams.", 3),
                    ("pdsidecar.connectors.unwatched", "{connector}", "Connectors with open sessions that no stream watches: nobody there would hear of a revocation.", 1),
                    ("pdsidecar.watches.lag", "{event}", "Events that the slowest WatchSessions stream has not been given yet.", 5),
                ],
                published.Select(i => (i.Name, i.Unit ?? "", i.Description ?? "", seen[i.Name])));
        }

        seen.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(seen);
    }

    private static void Watch(ConnectorLogs logs, string connector, int events, int watches)
    {
        var log = logs.Of(World.Organization, connector);
        for (var i = 0; i < watches; i++)
        {
            log.Add(new SessionWatch(log, log.Published, null, TimeSpan.FromSeconds(1), _ => [], new SessionOptions(), TimeProvider.System));
        }

        for (var i = 0; i < events; i++)
        {
            log.Append(new WatchSessionsResponse { SessionRevoked = new SessionRevoked { SessionKey = $"s{i}" } }, World.Start);
        }
    }
}
