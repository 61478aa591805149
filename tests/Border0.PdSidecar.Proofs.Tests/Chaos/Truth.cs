using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Simulator.Model;

namespace Border0.PdSidecar.Proofs.Tests.Chaos;

/// <summary>What a policy of the chaos run asks for.</summary>
internal enum Asks
{
    OnCall,
    Incident,
    Both,
}

/// <summary>A connection that the run asks about, and holds when it was allowed.</summary>
/// <param name="Key">The session's key.</param>
/// <param name="User">Who connects.</param>
/// <param name="Service">The service that the socket's policy names.</param>
/// <param name="Asks">What the policy requires of it.</param>
internal sealed record Connection(string Key, SimulatedUser User, SimulatedService Service, Asks Asks)
{
    public string Socket => $"{Asks}-{Service.Name}";

    public override string ToString() => $"{Key} ({User.Email} at {Socket})";
}

/// <summary>
/// Knows how the account truly was at every instant, from the account itself and not from anything that the sidecar was told.
/// </summary>
internal sealed class Truth(PagerDutyAccount account)
{
    private readonly List<(DateTimeOffset From, State State)> _history = [];

    /// <summary>Notes how things are from now on.</summary>
    public void Note() => _history.Add((account.Time.GetUtcNow(), new State(
        account.Incidents.Where(i => i.Status != "resolved").Select(i => i.Service.Id).ToHashSet(),
        account.Services.ToDictionary(s => s.Id, s => s.EscalationPolicy.Id),
        account.EscalationPolicies.ToDictionary(p => p.Id, p => account.OnCalls(p)))));

    /// <summary>Whether an instant in the window saw an incident of the service open (or none, for <paramref name="open"/> false).</summary>
    public bool SawIncident(SimulatedService service, bool open, DateTimeOffset from, DateTimeOffset to) =>
        Within(from, to).Any(s => s.OpenOf.Contains(service.Id) == open);

    /// <summary>
    /// Whether, by the schedules of some instant of the window, the user was on call (or not) at some instant of the decision's.
    /// </summary>
    public bool SawOnCall(Connection of, bool onCall, DateTimeOffset from, DateTimeOffset mappingFrom, DateTimeOffset decided, DateTimeOffset to)
    {
        var policies = Within(mappingFrom, to).Select(s => s.PolicyOf[of.Service.Id]).Distinct().ToList();
        return Within(from, to).Any(s => policies.Any(p =>
            s.IsOnCall(p, of.User, decided) == onCall || s.IsOnCall(p, of.User, to) == onCall));
    }

    /// <summary>Whether the connection is allowed at this instant.</summary>
    public bool Allows(Connection of)
    {
        var (state, now) = (_history[^1].State, account.Time.GetUtcNow());
        var open = state.OpenOf.Contains(of.Service.Id);
        var onCall = state.IsOnCall(state.PolicyOf[of.Service.Id], of.User, now);
        return of.Asks switch { Asks.OnCall => onCall, Asks.Incident => open, _ => onCall && open };
    }

    private IEnumerable<State> Within(DateTimeOffset from, DateTimeOffset to)
    {
        for (var i = _history.Count - 1; i >= 0; i--)
        {
            if (_history[i].From <= to)
            {
                yield return _history[i].State;
            }

            if (_history[i].From < from)
            {
                yield break;
            }
        }
    }

    private sealed record State(
        HashSet<string> OpenOf, Dictionary<string, string> PolicyOf, Dictionary<string, IReadOnlyList<SimulatedOnCall>> OnCalls)
    {
        public bool IsOnCall(string policy, SimulatedUser user, DateTimeOffset at) => OnCalls[policy].Any(o =>
            o.User == user && (o.Start is null || o.Start <= at) && (o.End is null || at < o.End));
    }
}
