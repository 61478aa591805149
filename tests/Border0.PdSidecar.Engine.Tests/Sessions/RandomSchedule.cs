using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>
/// Runs one schedule of steps against the sessions, with connectors as the client library is one: they list what they hold whenever
/// they subscribe. Beside it runs an oracle that knows of every session whether it is allowed. How PagerDuty's news become facts is
/// for a derived class to say; here they are facts at once.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Performance", "CA1852", Justification = "The proofs, which share this file, derive from it.")]
internal class RandomSchedule : IDisposable
{
    private static readonly string[] Connectors = ["c1", "c2"];

    private readonly HeldJournal _journal = new();
    private readonly World _world;
    private readonly Dictionary<string, Connector> _connectors;
    private readonly Dictionary<string, (string Connector, string Socket)> _opened = [];
    private readonly Dictionary<string, DateTimeOffset> _openedAt = [];
    private readonly HashSet<string> _held = [];
    private readonly HashSet<string> _endedByConnector = [];
    private readonly HashSet<string> _mayCome = [];
    private readonly HashSet<string> _mustCome = [];
    private readonly HashSet<string> _came = [];

    /// <summary>Held by a connector, but opened so shortly before a kill that the sidecar does not know of it until it is listed.</summary>
    private readonly HashSet<string> _forgotten = [];
    private DateTimeOffset _shiftEnd = World.Start.AddMinutes(2);
    private bool _plain = true;

    public RandomSchedule(bool shortLog)
    {
        _world = new World(new SessionOptions { MaxEventsPerConnector = shortLog ? 6 : 1_000 }, _journal);
        _world.Put(
            World.Rule("one", incidentOf: "S1"), World.Rule("two", incidentOf: "S2", socket: "db-2"), World.Rule("plain", socket: "db-3"),
            World.Rule("shift", onCallFor: "S1", socket: "db-4"));
        _world.Incidents["S1"].Add("I");
        _connectors = Connectors.ToDictionary(c => c, c => new Connector(_world, c));
    }

    /// <summary>Revocations that came.</summary>
    public int Revocations => _came.Count;

    /// <summary>The sidecar's inside.</summary>
    protected World World => _world;

    /// <summary>When the shift of S1 ends.</summary>
    protected DateTimeOffset ShiftEnd => _shiftEnd;

    public async Task RunAsync(int[] steps)
    {
        await PublishAsync();
        foreach (var step in steps)
        {
            await StepAsync(step % 16, step / 16);
            Judge();
        }

        await SettleAsync();
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _world.Dispose();
        }
    }

    /// <summary>An incident of the service opens, or the one that is open is resolved.</summary>
    protected virtual Task FlipAsync(string service)
    {
        if (!_world.Incidents[service].Remove("I"))
        {
            _world.Incidents[service].Add("I");
        }

        return PublishAsync();
    }

    /// <summary>All that PagerDuty would say becomes known.</summary>
    protected virtual Task PublishAsync()
    {
        _world.Shifts["S1"].Clear();
        _world.Shifts["S1"].Add(World.Shift(World.Alice, null, _shiftEnd));
        _world.Publish();
        return Task.CompletedTask;
    }

    /// <summary>Whether the facts have an open incident of the service.</summary>
    protected virtual bool HasIncident(string service) => _world.Incidents[service].Count > 0;

    /// <summary>Whether the facts denied a socket between two steps, where no step could see it.</summary>
    protected virtual bool WasLostSince(string socket, DateTimeOffset since) => false;

    protected virtual Task StepAsync(int kind, int value) => kind switch
    {
        0 or 1 or 2 => Do(() => Open(Connectors[value % 2], $"db-{1 + (value / 2 % 4)}")),
        3 => FlipAsync("S1"),
        4 => FlipAsync("S2"),
        5 => Do(SwitchPlainPolicy),
        6 => MoveShiftAsync(value % 400),
        7 => PassTimeAsync(1 + (value % 90_000)),
        8 => Do(() => _journal.LetThrough(value % 5)),
        9 => Do(() => _journal.LetThrough()),
        10 => ReadAsync(Connectors[value % 2], 1 + (value / 2 % 4)),
        11 => ReadAsync(Connectors[value % 2], int.MaxValue),
        12 => RestartAsync(value, killed: true),
        13 => RestartAsync(value, killed: false),
        14 => Do(() => RevokeOne(value)),
        _ => Do(() => EndOrAskAgain(value)),
    };

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private void Open(string connector, string socket)
    {
        var key = $"k{_opened.Count}";
        _opened[key] = (connector, socket);
        _openedAt[key] = _world.Now;
        var evaluation = _world.Evaluate(key, connector: connector, socket: socket);
        Assert.True(
            IsAllowed(key) == evaluation.Allowed,
            $"{key} on {socket} at {_world.Now:O}: {string.Join("; ", Evaluator.Explain(evaluation.Decision, World.Request(socket: socket)).Select(r => r.Message))}");
        if (evaluation.Allowed)
        {
            _held.Add(key);
        }
    }

    private void SwitchPlainPolicy()
    {
        _plain = !_plain;
        if (_plain)
        {
            _world.Put(World.Rule("plain", socket: "db-3"));
        }
        else
        {
            _world.Remove("plain");
        }
    }

    private Task MoveShiftAsync(int seconds)
    {
        _shiftEnd = _world.Now.AddSeconds(seconds);
        return PublishAsync();
    }

    private Task PassTimeAsync(int milliseconds)
    {
        _world.Time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        Judge();
        return PublishAsync();
    }

    private async Task RestartAsync(int value, bool killed)
    {
        if (killed)
        {
            _journal.Lose();
        }
        else
        {
            _journal.LetThrough();
        }

        var onDisk = await _journal.LoadAsync(CancellationToken.None);
        await _world.RestartAsync(keepFacts: value % 2 == 0);
        if (value % 3 == 0)
        {
            await FlipAsync("S1");
        }

        await PublishAsync();
        if (killed)
        {
            // What the disk did not have yet is forgotten, and decided anew once the connector lists it.
            var known = onDisk.Sessions.Select(s => s.Request.SessionKey)
                .Concat(onDisk.Events.Where(e => e.Revision > Revision(_connectors[e.ConnectorId].Token)).Select(e => e.Message.RevokedKey ?? ""))
                .ToHashSet();
            _forgotten.UnionWith(_held.Except(known));
            _mustCome.RemoveWhere(k => IsAllowed(k) || _forgotten.Contains(k));
        }
    }

    private void RevokeOne(int value)
    {
        if (Pick(value) is { } key && _world.Sessions.Revoke(World.Organization, "", key, "test") is not null)
        {
            _mayCome.Add(key);
            _mustCome.Add(key);
        }
    }

    private void EndOrAskAgain(int value)
    {
        if (Pick(value / 2) is not { } key)
        {
            return;
        }

        if (value % 2 == 0)
        {
            _world.Sessions.End(World.Organization, _opened[key].Connector, key);
            _held.Remove(key);
            _endedByConnector.Add(key);
        }
        else
        {
            var again = _world.Evaluate(key, connector: _opened[key].Connector, socket: _opened[key].Socket);
            Assert.False(again.KeyInUse);
            Assert.True(!again.Allowed || IsAllowed(key));
            if (again.Allowed)
            {
                _forgotten.Remove(key);
            }
        }
    }

    private string? Pick(int value) => _held.Count == 0 ? null : _held.Order(StringComparer.Ordinal).ElementAt(value % _held.Count);

    private async Task<int> ReadAsync(string id, int most)
    {
        var connector = _connectors[id];
        var resumed = connector.Token.Length > 0;
        var revision = Revision(connector.Token);
        var active = _held.Where(k => _opened[k].Connector == id)
            .Select(k => new AdoptedSession(k, World.Request(socket: _opened[k].Socket), null)).ToList();
        if (!resumed)
        {
            // From now on: what happened before is not asked for, and what is held is looked at anew.
            _mustCome.RemoveWhere(k => _opened[k].Connector == id && IsAllowed(k));
        }

        var messages = await connector.ReadAsync(active, most);
        _forgotten.RemoveWhere(k => _opened[k].Connector == id && connector.First!.ResyncRequired is null);
        if (connector.First is { ResyncRequired: not null })
        {
            connector.Token = "";
            return 1 + await ReadAsync(id, most);
        }

        Assert.True(!resumed || connector.First!.Revision == revision, "a resumed watch begins elsewhere than at its token");
        revision = connector.First!.Revision;
        foreach (var message in messages)
        {
            Assert.Equal(++revision, message.Revision);
            if (message.SessionRevoked is { } revoked)
            {
                Take(id, revoked);
            }
        }

        return messages.Count;
    }

    private void Take(string connector, SessionRevoked revoked)
    {
        var key = revoked.SessionKey;
        Assert.Equal(connector, _opened[key].Connector);
        if (_endedByConnector.Contains(key))
        {
            return;
        }

        Assert.True(_came.Add(key), $"{key} was revoked twice");
        Assert.True(_mayCome.Contains(key) || WasLostSince(_opened[key].Socket, _openedAt[key]), $"{key} was revoked ({revoked.Cause}) and was allowed all the time");
        _held.Remove(key);

        // A key that was asked about again in between is open anew; the connector has let go of it.
        _world.Sessions.End(World.Organization, connector, key);
        _endedByConnector.Add(key);
    }

    /// <summary>Notes which of the sessions that connectors hold are not allowed at this moment.</summary>
    protected void Judge()
    {
        foreach (var key in _held.Where(k => !IsAllowed(k)))
        {
            _mayCome.Add(key);
            if (!_forgotten.Contains(key))
            {
                _mustCome.Add(key);
            }
        }
    }

    private bool IsAllowed(string key) => _opened[key].Socket switch
    {
        "db-1" => HasIncident("S1"),
        "db-2" => HasIncident("S2"),
        "db-3" => _plain,
        _ => _world.Now < _shiftEnd,
    };

    /// <summary>In the end both sides agree on what is open, and nothing that was owed is missing.</summary>
    protected virtual async Task SettleAsync()
    {
        int read;
        do
        {
            _journal.LetThrough();
            read = 0;
            foreach (var connector in Connectors)
            {
                read += await ReadAsync(connector, int.MaxValue);
            }
        }
        while (read > 0 || _journal.Waiting > 0);

        Assert.Equal([], _held.Where(k => !IsAllowed(k)));
        Assert.Equal([], _mustCome.Except(_came).Except(_endedByConnector));
        Assert.Equal(_held.Order(), _world.OpenKeys().Except(_endedByConnector).Order());
    }

    private static long Revision(string token) => ResumeToken.TryParse(token, out var parsed) ? parsed.Revision : 0;
}
