using System.Collections.Concurrent;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>Real threads: connections are decided on while facts and policies flip under them.</summary>
public class ConcurrencyTests
{
    private const int Threads = 8;
    private const int Rounds = 2_000;
    private const int Flips = 200;

    /// <summary>All rounds together stay below the events that a log keeps.</summary>
    private const int MostRounds = 7_000;

    private readonly TaskCompletionSource _flipping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _flips;

    /// <summary>
    /// However the threads interleave, no session is open in the end that the facts deny, and every session that was allowed and is
    /// not open any more was revoked exactly once.
    /// </summary>
    [Fact]
    public async Task WhileFactsFlip_NoSessionSlipsThrough()
    {
        using var world = new World();
        world.Put(World.Rule("one", incidentOf: "S1"), World.Rule("two", incidentOf: "S2", socket: "db-2"));
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        var allowed = new ConcurrentDictionary<string, bool>();

        await RunAsync(
            Threads,
            thread =>
            {
                for (var i = 0; GoesOn(i); i++)
                {
                    var key = $"{thread}-{i}";
                    if (world.Evaluate(key, socket: i % 2 == 0 ? "db-1" : "db-2").Allowed)
                    {
                        allowed[key] = true;
                    }
                }
            },
            goesOn => Flip(world, "S1", goesOn),
            goesOn => Flip(world, "S2", goesOn));

        world.Incidents["S1"].Clear();
        world.Incidents["S2"].Add("I");
        world.Publish();
        var revoked = (await connector.RevokedAsync()).Select(r => r.SessionKey).ToList();
        var open = world.OpenKeys();

        Assert.NotEmpty(revoked);
        Assert.Equal(revoked.Count, revoked.Distinct().Count());
        Assert.All(world.Sessions.List(World.Organization, "", "", "", ("", ""), int.MaxValue), s => Assert.Equal("db-2", s.SocketId));
        Assert.Empty(revoked.Intersect(open));
        Assert.Equal(allowed.Keys.Order(), revoked.Concat(open).Order());
    }

    /// <summary>The same few keys are opened, asked about, ended and revoked by everybody at once.</summary>
    [Fact]
    public async Task OverTheSameKeys_EachEndIsToldOnce_AndFinalStaysFinal()
    {
        using var world = new World();
        world.Put(World.Rule("one", incidentOf: "S1"));
        world.Incidents["S1"].Add("I");
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        var final = new ConcurrentDictionary<string, long>();

        await RunAsync(
            Threads,
            thread =>
            {
                for (var i = 0; GoesOn(i); i++)
                {
                    var key = $"k{i / 10 % 100}";
                    if ((i + thread) % 37 == 0)
                    {
                        world.Sessions.End(World.Organization, World.Connector, key);
                    }
                    else if ((i + thread) % 211 == 0 && world.Sessions.Revoke(World.Organization, "", key, "test") is { } revision)
                    {
                        Assert.True(final.TryAdd(key, revision), $"{key} was revoked for good twice");
                    }
                    else
                    {
                        Assert.False(world.Evaluate(key).KeyInUse);
                    }
                }
            },
            goesOn => Flip(world, "S1", goesOn));

        Assert.NotEmpty(final);
        var events = (await connector.ReadAsync()).Where(m => m.SessionRevoked is not null).ToList();
        foreach (var (key, revision) in final)
        {
            Assert.Equal(revision, events.Last(m => m.SessionRevoked.SessionKey == key).Revision);
            Assert.Equal(ReasonCode.SessionRevoked, world.Evaluate(key).DeniedBy?.Code);
        }

        Assert.Equal(final.Count, events.Count(m => m.SessionRevoked.Cause == RevocationCause.Administrator));
        world.Incidents["S1"].Clear();
        world.Publish();
        Assert.Empty(world.OpenKeys());
    }

    /// <summary>Policies move between services while the services' incidents come and go.</summary>
    [Fact]
    public async Task WhilePoliciesMoveBetweenServices_EverySessionIsFoundByTheChangeThatEndsIt()
    {
        using var world = new World();
        world.Put(World.Rule("one", incidentOf: "S1"));
        world.Incidents["S1"].Add("I");
        world.Incidents["S2"].Add("I");
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        var allowed = new ConcurrentDictionary<string, bool>();

        await RunAsync(
            Threads,
            thread =>
            {
                for (var i = 0; GoesOn(i); i++)
                {
                    if (world.Evaluate($"{thread}-{i}").Allowed)
                    {
                        allowed[$"{thread}-{i}"] = true;
                    }
                }
            },
            goesOn =>
            {
                for (var i = 0; goesOn(); i++)
                {
                    world.Put(World.Rule("one", incidentOf: i % 2 == 0 ? "S2" : "S1"));
                }
            },
            goesOn => Flip(world, "S1", goesOn),
            goesOn => Flip(world, "S2", goesOn));

        world.Incidents["S1"].Clear();
        world.Incidents["S2"].Clear();
        world.Publish();
        Assert.Empty(world.OpenKeys());
        var revoked = await connector.RevokedAsync();
        Assert.Contains(revoked, r => r.Cause == RevocationCause.PolicyChanged || r.Cause == RevocationCause.IncidentResolved);
        Assert.Equal(allowed.Keys.Order(), revoked.Select(r => r.SessionKey).Order());
    }

    /// <summary>Until there was enough of both, whoever the machine gives its time to.</summary>
    private bool GoesOn(int round)
    {
        if (round % 8 == 0)
        {
            Thread.Yield();
        }

        return round < Rounds || (Volatile.Read(ref _flips) < Flips && round < MostRounds);
    }

    private void Flip(World world, string service, Func<bool> goesOn)
    {
        for (var i = 0; goesOn(); i++)
        {
            if (Interlocked.Increment(ref _flips) == 2)
            {
                _flipping.SetResult();
            }

            world.Facts.Apply(World.Integration, new FactsUpdate
            {
                Incidents = [new IncidentFacts { ServiceId = service, Open = i % 2 == 0 ? [] : [new OpenIncident { Id = $"I{i}" }], AsOf = world.Now }],
            });
        }
    }

    /// <summary>Runs the body on so many threads, and beside it, begun before and until they are done, what changes.</summary>
    private async Task RunAsync(int threads, Action<int> body, params Action<Func<bool>>[] beside)
    {
        var decided = 0;
        var changing = beside.Select(b => Task.Factory.StartNew(() => b(() => Volatile.Read(ref decided) == 0), TaskCreationOptions.LongRunning)).ToList();
        await _flipping.Task.WaitAsync(TimeSpan.FromMinutes(1));
        var deciding = Task.WhenAll(
            Enumerable.Range(0, threads).Select(t => Task.Factory.StartNew(() => body(t), TaskCreationOptions.LongRunning)).ToList());
        try
        {
            await deciding.WaitAsync(TimeSpan.FromMinutes(1));
        }
        finally
        {
            Volatile.Write(ref decided, 1);
        }

        await Task.WhenAll(changing).WaitAsync(TimeSpan.FromMinutes(1));
    }
}
