using Border0.PdSidecar.Engine.Tests.Sessions;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Simulator.Model;
using Border0.PdSidecar.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Border0.PdSidecar.Proofs.Tests.HandOvers;

/// <summary>
/// Lives through hand-overs by a clock that it moves: the simulated PagerDuty, the real client and feeds, the real sessions. Before
/// each, whoever is on call has a session; the oracle, which knows the rotation and no facts, says when it has to end.
/// </summary>
internal sealed class HandOverRun : IAsyncDisposable
{
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan Warning = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(100);

    private static readonly Rotation[] Rotations =
    [
        new("Berlin", "Europe/Berlin", [9], [0, 1, 1, 2]),
        new("New York", "America/New_York", [8, 20], [1, 2, 0, 0, 1]),
        new("Lord Howe", "Australia/Lord_Howe", [3], [2, 0, 1]),
    ];

    private readonly World _world = new();
    private readonly Connector _connector;
    private readonly PagerDutyAccount _account;
    private readonly List<SimulatedUser> _users = [];
    private readonly List<SimulatedSchedule> _schedules = [];
    private SimulatorServer _server = null!;
    private PagerDutyClients _clients = null!;
    private PagerDutyFeeds _feeds = null!;
    private int _sessions;

    private HandOverRun()
    {
        _account = new PagerDutyAccount(_world.Time);
        _connector = new Connector(_world);
    }

    /// <summary>Milliseconds from the true end to the decision, and to the event being there, of every session that was cut.</summary>
    public List<double> Lags { get; } = [];

    /// <summary>How many hand-overs there were of each kind.</summary>
    public Dictionary<string, int> Kinds { get; } = [];

    public int HandOvers { get; private set; }

    public static async Task<HandOverRun> StartAsync()
    {
        var run = new HandOverRun();
        run._server = await SimulatorServer.StartAsync(run._account);
        run.SetUp();
        return run;
    }

    /// <summary>Lives through that many hand-overs at least, to the end of a month.</summary>
    public async Task LiveAsync(int handOvers)
    {
        await _connector.ReadAsync();
        for (var month = new DateOnly(2026, 3, 3); HandOvers < handOvers; month = month.AddDays(28))
        {
            Plan(month);
            var due = Rotations.Index()
                .SelectMany(r => r.Item.Shifts(month, month.AddDays(27)).Select(s => (Rotation: r.Index, s.User, s.From, s.To, End: r.Item.ByRule(s.To))))
                .OrderBy(s => s.End).ToList();
            foreach (var (rotation, user, from, to, end) in due.Where(d => d.End - Ahead > _world.Now))
            {
                var next = Rotations[rotation].Shifts(DateOnly.FromDateTime(to), DateOnly.FromDateTime(to)).First(s => s.From == to).User;
                Count(Rotations[rotation].HasChange(from, to) ? "clock change" : user == next ? "back to back" : "plain");
                await LiveThroughAsync(rotation, user, next, end);
                HandOvers++;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _feeds.DisposeAsync();
        _clients.Dispose();
        await _server.DisposeAsync();
        _world.Dispose();
    }

    private void SetUp()
    {
        _account.AddKey("key");
        _users.AddRange(Enumerable.Range(0, 4).Select(i => _account.AddUser($"User {i}", $"user{i}@example.com")));

        // Time passes in leaps here: facts may be a day old.
        _world.Integrations.Clear();
        _world.Integrations.Add(World.Settings with
        {
            MaxStaleness = TimeSpan.FromMinutes(10),
            SessionMaxStaleness = TimeSpan.FromDays(1),
            MappingMaxStaleness = TimeSpan.FromDays(1),
        });
        var services = new HashSet<string>();
        foreach (var rotation in Rotations)
        {
            var schedule = _account.AddSchedule(rotation.Name);
            _schedules.Add(schedule);
            var service = _account.AddService(rotation.Name, _account.AddEscalationPolicy(rotation.Name, schedule));
            services.Add(service.Id);
            _world.Put(World.Rule(rotation.Name, onCallFor: service.Id, socket: rotation.Name));
        }

        _clients = new PagerDutyClients(new PagerDutyClientOptions { Addresses = new PagerDutyAddresses { Allowed = _server.BaseAddress } }, _world.Time, NullLoggerFactory.Instance);
        var never = TimeSpan.FromDays(10_000);
        _feeds = new PagerDutyFeeds(
            _world.Facts,
            _clients,
            new PagerDutyFeedOptions { IncidentsInterval = never, OnCallInterval = never, ServicesInterval = never },
            _world.Time,
            NullLoggerFactory.Instance);
        _feeds.Apply([new IntegrationConnection(World.Integration, "key", _server.BaseAddress, [], services)]);
    }

    /// <summary>PagerDuty's schedules around a month.</summary>
    private void Plan(DateOnly month)
    {
        foreach (var (rotation, schedule) in Rotations.Zip(_schedules))
        {
            _account.ClearSchedule(schedule);
            foreach (var (user, from, to) in rotation.Shifts(month.AddDays(-2), month.AddDays(31)))
            {
                _account.PutOnCall(schedule, _users[user], rotation.ByDatabase(from), rotation.ByDatabase(to));
            }
        }
    }

    private async Task LiveThroughAsync(int rotation, int user, int next, DateTimeOffset end)
    {
        _world.Time.Advance(end - Ahead - _world.Now);
        await PollAsync();
        var key = $"s{_sessions++}";
        var socket = Rotations[rotation].Name;
        Assert.True(_world.Evaluate(key, _users[user].Email, socket: socket).Allowed, $"{_users[user].Email} is not on call for {socket} at {_world.Now:O}, before {end:O}");
        Assert.Equal(user == next, _world.Evaluate("", _users[next].Email, socket: socket).Allowed);

        // Somebody follows upon themselves: the end that counts is a later one.
        var cut = user == next ? (DateTimeOffset?)null : end;
        await ExpectWarningAsync(key, end - Warning, cut);
        if (user != next && HandOvers % 4 == 1)
        {
            cut = await OverrideAsync(rotation, user, end);
        }

        _world.Time.Advance((cut ?? end) - _world.Now - TimeSpan.FromMilliseconds(1));
        Assert.DoesNotContain(await _connector.ReadAsync(), m => m.SessionRevoked is not null);
        await ExpectEndAsync(key, cut, end);
        _world.Sessions.End(World.Organization, World.Connector, key);
    }

    /// <summary>The end is announced ahead of time, with its instant; one that is no end is not.</summary>
    private async Task ExpectWarningAsync(string key, DateTimeOffset at, DateTimeOffset? end)
    {
        _world.Time.Advance(at - _world.Now + TimeSpan.FromSeconds(2));
        var said = (await _connector.ReadAsync()).Where(m => m.SessionExpiring?.SessionKey == key).Select(m => m.SessionExpiring.ExpireTime.ToDateTimeOffset());
        Assert.Equal(end is { } known ? [known] : [], said);
    }

    /// <summary>An override that arrives after the end was announced: it moves the end forth or back.</summary>
    private async Task<DateTimeOffset> OverrideAsync(int rotation, int user, DateTimeOffset end)
    {
        var later = HandOvers % 8 == 1;
        Count(later ? "override, end later" : "override, end earlier");
        var moved = later ? end.AddMinutes(20) : end.AddMinutes(-2);
        _account.AddOverride(_schedules[rotation], _users[later ? user : 3], later ? end.AddMinutes(-1) : moved, end.AddMinutes(20));
        await PollAsync();
        return moved;
    }

    private async Task ExpectEndAsync(string key, DateTimeOffset? cut, DateTimeOffset end)
    {
        var until = (cut ?? end) + Tolerance;
        while (_world.Now <= until)
        {
            _world.Time.Advance(_world.Now < (cut ?? end) ? TimeSpan.FromMilliseconds(1) : Step);
            foreach (var revoked in (await _connector.ReadAsync()).Where(m => m.SessionRevoked is not null).Select(m => m.SessionRevoked))
            {
                Assert.True(cut is not null, $"{revoked.SessionKey} was cut at {_world.Now:O} although its user follows upon themselves");
                Assert.Equal(key, revoked.SessionKey);
                Assert.InRange(revoked.DecisionTime.ToDateTimeOffset() - cut.Value, TimeSpan.Zero, Tolerance);
                Assert.InRange(_world.Now - cut.Value, TimeSpan.Zero, Tolerance);
                Assert.True(revoked.Cause is RevocationCause.ShiftEnded, $"{revoked.Cause}");
                Lags.Add((revoked.DecisionTime.ToDateTimeOffset() - cut.Value).TotalMilliseconds);
                return;
            }
        }

        Assert.True(cut is null, $"{key} was not cut at {cut:O}");
        Assert.Contains(key, _world.OpenKeys());
    }

    private async Task PollAsync()
    {
        var polling = _feeds.SyncAsync(World.Integration, CancellationToken.None);
        for (var waited = 0; waited < 30 && await Task.WhenAny(polling, Task.Delay(TimeSpan.FromSeconds(2))) != polling; waited++)
        {
            // On a busy machine a leap of the clock finds a poll on the wire, for which it is a time-out; what then is tried again waits for the clock.
            _world.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(PagerDutyOutcome.Ok, (await polling.WaitAsync(TimeSpan.FromSeconds(60))).Outcome);
    }

    private void Count(string kind) => Kinds[kind] = Kinds.GetValueOrDefault(kind) + 1;
}
