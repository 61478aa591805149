using BenchmarkDotNet.Attributes;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Engine.Sessions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Border0.PdSidecar.Benchmarks;

/// <summary>
/// A service's incidents change: the facts are swapped, and the sessions that rest on that service are evaluated again (all of them
/// stay allowed). There are 10,000 sessions, of which so many are concerned.
/// </summary>
public class FactsSwapBenchmarks
{
    private const int AllSessions = 10_000;
    private const int Services = 1_000;

    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();
    private readonly FactsStore _facts = new();
    private SessionRegistry _sessions = null!;
    private int _open = 1;

    [Params(0, 1, 1_000, 10_000)]
    public int Concerned { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var catalog = new PolicyCatalog();
        catalog.Replace([World.Policy(0, "measured", 0, 0), World.Policy(1, "other", 1, 1)], [World.Settings]);
        _facts.Apply(World.Settings.Key, World.Facts(Services, _now));
        _sessions = new SessionRegistry(
            catalog, _facts, new MemorySessionJournal(), new SessionOptions(), TimeProvider.System, NullLogger<SessionRegistry>.Instance);
        _sessions.StartAsync(_ => World.Request, CancellationToken.None).GetAwaiter().GetResult();
        for (var i = 0; i < AllSessions; i++)
        {
            var request = World.Request with { SocketId = i < Concerned ? "measured" : "other" };
            if (!_sessions.Evaluate(request, $"c{i % 100}", $"s{i}").Allowed)
            {
                throw new InvalidOperationException("a session that is to be measured was not allowed");
            }
        }
    }

    [GlobalCleanup]
    public void Cleanup() => _sessions.Dispose();

    [Benchmark]
    public int Swap()
    {
        _open = 3 - _open;
        var change = _facts.Apply(World.Settings.Key, new FactsUpdate { Incidents = [World.Incidents(0, _now, _open)] });
        return _sessions.Count == AllSessions ? change.ServiceIds.Count : throw new InvalidOperationException("sessions were lost");
    }
}
