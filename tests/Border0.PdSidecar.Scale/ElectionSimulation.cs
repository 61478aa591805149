using System.Diagnostics;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Fleet;
using Border0.PdSidecar.Fleet.Election;

namespace Border0.PdSidecar.Scale;

/// <summary>
/// Elections by the product's own rules, on a clock of its own: everybody begins at once, a tenth of the members die, they come back. Counts
/// what is asked of etcd, and for how long an integration is polled by nobody.
/// </summary>
internal sealed class ElectionSimulation(int members, int integrations)
{
    private static readonly FleetOptions Options = new();
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    private readonly List<string> _members = [.. Enumerable.Range(0, members).Select(i => $"member-{i:x}")];
    private readonly List<IntegrationKey> _integrations = [.. Enumerable.Range(0, integrations).Select(i => new IntegrationKey($"organization-{i}", "pagerduty"))];
    private readonly Dictionary<IntegrationKey, string> _pollers = [];
    private readonly Dictionary<IntegrationKey, TimeSpan> _vacant = [];
    private readonly Dictionary<string, TimeSpan> _since = [];
    private readonly Dictionary<IntegrationKey, string[]> _order = [];
    private TimeSpan _now;
    private int _campaigns;
    private int _handOvers;

    public void Run(TextWriter to)
    {
        var watch = Stopwatch.StartNew();
        foreach (var member in _members)
        {
            _since[member] = TimeSpan.Zero;
        }

        // The order of all members by weight is what costs: once for each integration, and looked up from then on.
        foreach (var integration in _integrations)
        {
            _order[integration] = [.. Rendezvous.Order(_members, integration).Take(40)];
            _vacant[integration] = TimeSpan.Zero;
        }

        var settled = Settle();
        to.WriteLine($"| all begin at once | {settled.TotalSeconds:0.0} s until all are polled | {_campaigns} campaigns, {_handOvers} given up |");
        var shares = _pollers.Values.CountBy(p => p).Select(p => p.Value).ToList();
        to.WriteLine($"| how they are spread | {shares.Count} of {members} members poll | {shares.Max()} integrations at most, {integrations / (double)members:0.00} on average |");

        (_campaigns, _handOvers) = (0, 0);
        var dead = _members.Where((_, i) => i % 10 == 3).ToHashSet();
        var lost = _pollers.Count(p => dead.Contains(p.Value));
        foreach (var member in dead)
        {
            _since.Remove(member);
        }

        // Their leases run out.
        _now += Options.LeaseTimeToLive;
        foreach (var integration in _pollers.Where(p => dead.Contains(p.Value)).Select(p => p.Key).ToList())
        {
            _pollers.Remove(integration);
            _vacant[integration] = _now;
        }

        settled = Settle();
        to.WriteLine($"| a tenth dies | {lost} integrations lose their poller, for {Options.LeaseTimeToLive.TotalSeconds:0} s and {settled.TotalSeconds:0.0} s | {_campaigns} campaigns, {_handOvers} given up |");

        (_campaigns, _handOvers) = (0, 0);
        foreach (var member in dead)
        {
            _since[member] = _now;
        }

        var before = _now;
        while (_now < before + Options.RebalanceAfter + TimeSpan.FromSeconds(20))
        {
            Tick();
        }

        to.WriteLine($"| and comes back | {_handOvers} integrations go back to them, one a second at most from each member | {_campaigns} campaigns |");
        to.WriteLine();
        to.WriteLine($"({watch.Elapsed.TotalSeconds:0} s of simulation)");
    }

    private TimeSpan Settle()
    {
        var begun = _now;
        while (_pollers.Count < _integrations.Count)
        {
            Tick();
        }

        return _now - begun;
    }

    /// <summary>Everybody sees what was so at the step before.</summary>
    private void Tick()
    {
        _now += Step;
        var handedOver = new HashSet<string>();
        foreach (var integration in _integrations)
        {
            if (!_pollers.TryGetValue(integration, out var poller))
            {
                // Who has waited for its turn campaigns, all of them in one step; the first one's transaction succeeds.
                var candidates = _order[integration].Where(_since.ContainsKey).TakeWhile((m, rank) => Delay(rank) <= _now - _vacant[integration]).ToList();
                _campaigns += candidates.Count;
                if (candidates.Count > 0)
                {
                    _pollers[integration] = candidates[0];
                }
            }
            else if (_order[integration].First(_since.ContainsKey) is var best && best != poller
                && _now - _since[best] >= Options.RebalanceAfter && handedOver.Add(poller))
            {
                _handOvers++;
                _pollers.Remove(integration);
                _vacant[integration] = _now;
            }
        }
    }

    private static TimeSpan Delay(int rank) => Options.StandbyDelay * rank < Options.LongestStandbyDelay ? Options.StandbyDelay * rank : Options.LongestStandbyDelay;
}
