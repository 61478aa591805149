using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Simulator.Model;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Proofs.Tests.Chaos;

/// <summary>
/// One run: an account that changes all the time, a PagerDuty that misbehaves, connections that come and go, and an oracle that
/// holds every decision and every revocation against how the account truly was. All by a clock that the run moves.
/// </summary>
internal sealed class ChaosRun(int seed)
{
    public static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan SessionMaxStaleness = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan MappingMaxStaleness = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(120);
    private const string Secret = "a secret of the webhook subscription";

    private readonly Random _random = new(seed);
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly Dictionary<string, (Connection Of, DateTimeOffset Opened, DateTimeOffset DeniedSince)> _held = [];
    private readonly HashSet<string> _revoked = [];
    private readonly List<Task> _underWay = [];
    private PagerDutyAccount _account = null!;
    private Truth _truth = null!;
    private Weather _weather = null!;
    private SimulatorServer _pagerDuty = null!;
    private HostInProcess _host = null!;
    private SimulatedSubscription _subscription = null!;
    private int _connections;

    public int Decisions { get; private set; }

    public int Allowed { get; private set; }

    public int DeniedAsUnknown { get; private set; }

    public int Revocations => _revoked.Count;

    public Dictionary<RevocationCause, int> Causes { get; } = [];

    public int Changes { get; private set; }

    public int WeatherTurns => _weather.Turns;

    public TimeSpan Simulated { get; private set; }

    /// <summary>PagerDuty's last requests and how they were answered, for the message of a failure.</summary>
    public string LastRequests => string.Join('\n', _pagerDuty.Requests.Requests.TakeLast(40)
        .Select(r => $"{r.At:HH:mm:ss.fff} {r.Status} {r.Fault} {r.Path}{r.Query[Math.Max(0, r.Query.Length - 80)..]}"));

    public async Task RunAsync(int decisions)
    {
        var begun = _time.GetUtcNow();
        _account = new PagerDutyAccount(_time);
        await using var pagerDuty = _pagerDuty = await SimulatorServer.StartAsync(_account, seed: seed);
        await using var host = _host = await HostInProcess.StartAsync(_time, pagerDuty.BaseAddress);
        pagerDuty.WebhookCopies = 2;
        _truth = new Truth(_account);
        _weather = new Weather(pagerDuty.Faults, _random, _time);
        await SetUpAsync();
        await using var inbox = new RevocationInbox(host.Evaluation, "c1");

        while (Decisions < decisions)
        {
            Advance();
            _weather.Turn();
            _subscription.Active |= !_weather.IsReliable;
            if (_random.Next(40) == 0)
            {
                ChangeTheAccount();
            }

            if (_random.Next(240) == 0 && _weather.CalmSince is not null)
            {
                _weather.MissARow(_random.Next(2) == 0 ? "/incidents" : "/oncalls");
            }

            await AskAsync();
            Judge(inbox);
        }

        _weather.Clear();
        await SettleAsync(inbox);
        Simulated = _time.GetUtcNow() - begun;
    }

    private async Task SetUpAsync()
    {
        var now = _time.GetUtcNow();
        var users = Enumerable.Range(0, 6).Select(i => _account.AddUser($"User {i}", $"user{i}@example.com")).ToList();
        for (var p = 0; p < 3; p++)
        {
            var schedule = _account.AddSchedule($"Schedule {p}");
            for (var shift = -1; shift < 200; shift++)
            {
                // Handed over every 7 to 11 minutes; now and then somebody follows upon themselves.
                var start = now.AddMinutes(shift * (7 + (2 * p)));
                _account.PutOnCall(schedule, users[(p + (shift + 1) / 2) % users.Count], start, start.AddMinutes(7 + (2 * p)));
            }

            var policy = _account.AddEscalationPolicy($"Policy {p}", schedule, users[p]);
            _account.AddService($"service{2 * p}", policy);
            _account.AddService($"service{(2 * p) + 1}", policy);
        }

        _account.AddKey("chaos-key");
        foreach (var service in _account.Services.Take(3))
        {
            _account.TriggerIncident(service, "open from the beginning", now.AddDays(-90));
        }

        _truth.Note();
        await _host.Integrations.CreateIntegrationAsync(new CreateIntegrationRequest
        {
            Integration = new Integration
            {
                Name = "pd",
                ApiKey = "chaos-key",
                WebhookSecrets = { Secret },
                MaxStaleness = Duration.FromTimeSpan(MaxStaleness),
                SessionMaxStaleness = Duration.FromTimeSpan(SessionMaxStaleness),
            },
        });
        _subscription = _account.Subscribe(new Uri(_host.Http, "/webhooks/pagerduty/v3/pd"), Secret);
        foreach (var service in _account.Services)
        {
            foreach (var asks in System.Enum.GetValues<Asks>())
            {
                await _host.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = Rule(service, asks) });
            }
        }
    }

    private static Policy Rule(SimulatedService service, Asks asks) => new()
    {
        Name = $"{asks}-{service.Name}",
        SocketIds = { $"{asks}-{service.Name}" },
        Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
        Integrations =
        {
            new IntegrationCondition
            {
                IntegrationName = "pd",
                PagerdutyOncall = new PagerDutyOnCallCondition
                {
                    ServiceId = service.Id,
                    RequireBeOncall = asks != Asks.Incident,
                    RequireIncident = asks != Asks.OnCall,
                },
            },
        },
    };

    private void Advance() => _time.Advance(Step);

    private void ChangeTheAccount()
    {
        Changes++;
        var now = _time.GetUtcNow();
        var services = _account.Services;
        var service = services[_random.Next(services.Count)];
        var incidents = _account.Incidents;
        var open = incidents.Where(i => i.Status != "resolved").ToList();
        var user = _account.Users[_random.Next(_account.Users.Count)];
        switch (_random.Next(12))
        {
            case 0 or 1 or 2:
                _account.TriggerIncident(service, "something is wrong");
                break;
            case 3 or 4 or 5 when open.Count > 0:
                _account.Resolve(open[_random.Next(open.Count)]);
                break;
            case 6 when open.Count > 0:
                _account.Acknowledge(open[_random.Next(open.Count)], user);
                break;
            case 7 when incidents.Count > open.Count:
                _account.Reopen(incidents.Where(i => i.Status == "resolved").OrderBy(_ => _random.Next()).First());
                break;
            case 8 when open.Count > 0:
                _account.MoveTo(open[_random.Next(open.Count)], service);
                break;
            case 9 or 10:
                // PagerDuty's shifts begin and end on whole seconds.
                var second = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds());
                _account.AddOverride(
                    _account.Schedules[_random.Next(3)], user, second.AddSeconds(_random.Next(-60, 300)), second.AddSeconds(_random.Next(301, 900)));
                break;
            default:
                // PagerDuty switches a subscription off now and then; polling is what remains. Where neither gets through, a webhook
                // that ends the last known incident is believed, although another one may be open that nothing told of.
                _subscription.Active = !_weather.IsReliable;
                break;
        }

        _truth.Note();
    }

    private async Task AskAsync()
    {
        Connection of;
        if (_held.Count > 150 || (_held.Count > 20 && _random.Next(4) == 0))
        {
            of = _held.Values.ElementAt(_random.Next(_held.Count)).Of;
        }
        else
        {
            var services = _account.Services;
            of = new Connection(
                $"k{_connections++}", _account.Users[_random.Next(_account.Users.Count)], services[_random.Next(services.Count)], (Asks)_random.Next(3));
        }

        Decisions++;
        var answer = DecideAsync(of, _time.GetUtcNow());
        if (await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(20))) != answer)
        {
            // It waits for the first facts, which come only if the clock moves on.
            _underWay.Add(answer);
            return;
        }

        await answer;
    }

    private async Task DecideAsync(Connection of, DateTimeOffset asked)
    {
        var answer = await _host.Evaluation.EvaluateAsync(new EvaluateRequest
        {
            ConnectorId = "c1",
            SocketId = of.Socket,
            SocketType = "ssh",
            UserEmail = of.User.Email,
            SessionKey = of.Key,
        });
        var now = _time.GetUtcNow();
        lock (_held)
        {
            var held = _held.TryGetValue(of.Key, out var session);
            // A session that runs is kept on older facts than a new connection is let in on.
            var bound = held ? SessionMaxStaleness : MaxStaleness;
            if (answer.Decision == Decision.Allow)
            {
                Allowed++;
                Assert.True(Supports(of, allowed: true, asked, now, bound), $"{of} was allowed at {now:O} on what was not true for {bound}: {answer}");
                if (!held && !_revoked.Contains(of.Key))
                {
                    _held[of.Key] = (of, asked, DateTimeOffset.MaxValue);
                }

                return;
            }

            var unknown = answer.Reasons.Any(r => r.Code is ReasonCode.FactsStale or ReasonCode.FactsUnknown or ReasonCode.BeyondKnownWindows);
            DeniedAsUnknown += unknown ? 1 : 0;
            Assert.True(
                unknown || answer.Reasons.Any(r => r.Code == ReasonCode.SessionRevoked) || Supports(of, allowed: false, asked, now, bound),
                $"{of} was denied at {now:O} for what was not true: {answer}");
            Assert.False(
                unknown && _weather.CalmSince is { } calm && asked - calm > Settled,
                $"{of} was denied at {now:O} as unknown although PagerDuty has been well since {_weather.CalmSince:O}: {answer}");
        }
    }

    /// <summary>Whether something that was true within the bound speaks for the answer.</summary>
    private bool Supports(Connection of, bool allowed, DateTimeOffset asked, DateTimeOffset now, TimeSpan bound)
    {
        var open = _truth.SawIncident(of.Service, allowed, asked - bound, now);
        var onCall = _truth.SawOnCall(of, allowed, asked - bound, asked - MappingMaxStaleness, asked, now);
        return of.Asks switch
        {
            Asks.OnCall => onCall,
            Asks.Incident => open,
            _ => allowed ? onCall && open : onCall || open,
        };
    }

    private void Judge(RevocationInbox inbox)
    {
        _underWay.RemoveAll(t =>
        {
            if (t.IsFaulted)
            {
                t.GetAwaiter().GetResult();
            }

            return t.IsCompleted;
        });
        var now = _time.GetUtcNow();
        lock (_held)
        {
            foreach (var revoked in inbox.Take())
            {
                Assert.True(_revoked.Add(revoked.SessionKey), $"{revoked.SessionKey} was revoked twice");
                Causes[revoked.Cause] = Causes.GetValueOrDefault(revoked.Cause) + 1;
                if (_held.Remove(revoked.SessionKey, out var session))
                {
                    JudgeRevocation(session.Of, session.Opened, revoked);
                }
            }

            foreach (var (key, session) in _held)
            {
                var deniedSince = _truth.Allows(session.Of) ? DateTimeOffset.MaxValue : session.DeniedSince == DateTimeOffset.MaxValue ? now : session.DeniedSince;
                _held[key] = session with { DeniedSince = deniedSince };
                Assert.True(
                    deniedSince == DateTimeOffset.MaxValue || now - deniedSince < SessionMaxStaleness + TimeSpan.FromSeconds(30),
                    $"{session.Of} has not been allowed since {deniedSince:O} and is still open at {now:O}");
            }
        }
    }

    private void JudgeRevocation(Connection of, DateTimeOffset opened, SessionRevoked revoked)
    {
        var at = revoked.DecisionTime.ToDateTimeOffset();
        if (revoked.Cause == RevocationCause.FactsStale)
        {
            // A storm lets enough through; only outages make facts that old.
            var outage = _weather.OutageWithin(at - SessionMaxStaleness, at);
            Assert.True(outage > SessionMaxStaleness / 2, $"{of} was revoked at {at:O} as stale; nothing got through for {outage} only");
            return;
        }

        var from = opened - MaxStaleness > at - SessionMaxStaleness ? opened - MaxStaleness : at - SessionMaxStaleness;
        Assert.True(Supports(of, allowed: false, at, at, at - from), $"{of}, open since {opened:O}, was revoked at {at:O} for what was not true: {revoked}");
    }

    /// <summary>Once PagerDuty is well, every session and every answer is as the truth is.</summary>
    private async Task SettleAsync(RevocationInbox inbox)
    {
        _subscription.Active = true;
        for (var passed = TimeSpan.Zero; passed < Settled; passed += Step)
        {
            Advance();
            await AskAsync();
            Judge(inbox);
        }

        await Task.WhenAll(_underWay).WaitAsync(TimeSpan.FromSeconds(60));
        var bound = DateTime.UtcNow.AddSeconds(60);
        while (_held.Values.Any(h => !_truth.Allows(h.Of)) && DateTime.UtcNow < bound)
        {
            // What was decided is under way on the wire.
            await Task.Delay(5);
            Judge(inbox);
        }

        Assert.Equal([], _held.Values.Where(h => !_truth.Allows(h.Of)).Select(h => h.Of));
        foreach (var service in _account.Services)
        {
            foreach (var asks in System.Enum.GetValues<Asks>())
            {
                foreach (var user in _account.Users)
                {
                    var of = new Connection("", user, service, asks);
                    var answer = await _host.Evaluation.EvaluateAsync(new EvaluateRequest { SocketId = of.Socket, SocketType = "ssh", UserEmail = user.Email });
                    Decisions++;
                    Assert.True(_truth.Allows(of) == (answer.Decision == Decision.Allow), $"in the end {of} is answered {answer}");
                }
            }
        }
    }
}
