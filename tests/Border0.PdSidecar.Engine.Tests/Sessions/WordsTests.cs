using System.Diagnostics.Metrics;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>What people read of sessions and of their ends, whole.</summary>
public class WordsTests
{
    [Fact]
    public async Task AnAdministratorsWord_IsPassedOn_AndTheKeyIsRefusedInASentence()
    {
        using var world = Plain();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Sessions.Revoke(World.Organization, "", "k1", "laptop stolen");

        Assert.Equal(
            new SessionRevoked
            {
                SessionKey = "k1",
                SocketId = "db-1",
                UserEmail = World.Alice,
                Cause = RevocationCause.Administrator,
                PolicyName = "plain",
                ReasonAdmin = "An administrator ended the session: laptop stolen",
                ReasonUser = "An administrator ended this session.",
                EventTime = world.Now.ToTimestamp(),
                DecisionTime = world.Now.ToTimestamp(),
                InitiatingEntity = InitiatingEntity.Admin,
            },
            await connector.RevokedOnceAsync());
        Assert.Equal(
            new Reason { Code = ReasonCode.SessionRevoked, Message = "Session k1 was ended for good; connect with a new session key." }, world.Evaluate("k1").DeniedBy);
    }

    [Fact]
    public void AConnectorThatDoesNotWatch_IsToldSo()
    {
        using var world = Plain(new SessionOptions { RequireWatcher = true });

        Assert.Equal(
            new Reason { Code = ReasonCode.WatcherRequired, Message = "Sessions are allowed only while connector c1 watches them (WatchSessions), and it does not." },
            world.Evaluate("k1", connector: "c1").DeniedBy);
    }

    [Fact]
    public async Task AnAbandonedSession_SaysForHowLong()
    {
        using var world = Plain();
        world.Open("k1", connector: "c9");
        world.Pass(TimeSpan.FromHours(25), TimeSpan.FromMinutes(10));

        var revoked = await RevokedOf(world, "c9");
        Assert.Equal(
            (RevocationCause.Abandoned, "Connector c9 has not been heard of for 1.00:00:00.", "The connection to the access service was lost for too long.", InitiatingEntity.System),
            (revoked.Cause, revoked.ReasonAdmin, revoked.ReasonUser, revoked.InitiatingEntity));
    }

    [Fact]
    public async Task ListedAsActive_OneThatWasEndedForGood_OneOfAnotherUser_AndOneTooMany_AreToldApart()
    {
        using var world = Plain(new SessionOptions { MaxSessionsPerConnector = 2 });
        world.Open("final");
        world.Sessions.Revoke(World.Organization, "", "final", "test");
        world.Open("bobs", World.Bob);
        var connector = await Connector.SubscribedAsync(world);

        var revoked = await connector.RevokedAsync([Listed("final"), Listed("bobs"), Listed("fits"), Listed("many")]);

        Assert.Equal(
            [
                ("final", "The session was ended for good before.", "This session was ended."),
                ("bobs", "The session key is open for another user, socket or connector.", "This session cannot be confirmed."),
                ("many", "There are too many open sessions, of the connector or of all.", "This session cannot be looked after."),
            ],
            revoked.Select(r => (r.SessionKey, r.ReasonAdmin, r.ReasonUser)));
        Assert.All(revoked, r => Assert.Equal((RevocationCause.NotAllowedOnAdoption, InitiatingEntity.System), (r.Cause, r.InitiatingEntity)));
        Assert.Equal(["bobs", "fits"], world.OpenKeys().Order());
    }

    [Fact]
    public async Task ActionsThatChange_AreToldWithWhatIsLeft_AndByWhom()
    {
        using var world = new World();
        world.Put(
            World.Rule("a", incidentOf: "S1", action: "write"), World.Rule("b"),
            World.Rule("c", action: "admin", also: p => p.Permissions["database"] = new Struct { Fields = { ["query"] = Value.ForBool(true) } }));
        world.Incidents["S1"].Add("I1");
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Incidents["S1"].Clear();
        world.Publish();

        var changed = Assert.Single(await connector.ReadAsync()).SessionActionsChanged;
        Assert.Equal(("k1", "db-1", World.Alice), (changed.SessionKey, changed.SocketId, changed.UserEmail));
        Assert.Equal("Granted from now on by: b, c.", changed.ReasonAdmin);
        Assert.Equal(["admin", "read"], changed.AllowedActions["database"].Values.Order());
        Assert.True(changed.Permissions["database"].Grants.Single().Fields["query"].BoolValue);
        Assert.Equal(world.Now, changed.DecisionTime.ToDateTimeOffset());
    }

    [Fact]
    public void Revocations_AreCountedByCause()
    {
        using var world = Plain();
        var counted = new List<(Instrument Instrument, long Count, string Cause)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument is { Meter.Name: "Border0.PdSidecar", Name: "pdsidecar.revocations" })
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, count, tags, _) =>
        {
            lock (counted)
            {
                counted.Add((instrument, count, $"{tags[0].Key}={tags[0].Value}"));
            }
        });
        listener.Start();

        world.Open("k1");
        world.Sessions.Revoke(World.Organization, "", "k1", "test");

        // Other tests revoke at the same time.
        var (instrument, one, _) = counted.First(c => c.Cause == "cause=Administrator");
        Assert.Equal((1, "{revocation}", "Sessions revoked, by cause."), (one, instrument.Unit, instrument.Description));
    }

    [Fact]
    public void TheLimitOfSessions_IsMetExactly_AndAnEndMakesRoom()
    {
        using var world = Plain(new SessionOptions { MaxSessionsPerConnector = 2 });
        world.Open("k1");
        world.Open("k2");

        Assert.True(world.Evaluate("k3").TooManySessions);
        Assert.False(world.Evaluate("k3").Allowed);
        Assert.True(world.Evaluate("k2").Allowed);
        Assert.True(world.Evaluate("k3", connector: "another").Allowed);
        world.Sessions.End(World.Organization, World.Connector, "k1");

        Assert.True(world.Evaluate("k4").Allowed);
        Assert.Equal(["k2", "k3", "k4"], world.OpenKeys().Order());
    }

    [Fact]
    public async Task ARevocationThatWasRead_IsNoReasonToForgetASessionThatIsListedAgain()
    {
        using var world = Plain();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Remove("plain");
        await connector.RevokedOnceAsync();
        world.Put(World.Rule("plain"));

        Assert.Empty(await connector.RevokedAsync([Listed("k1")]));
        Assert.Equal(["k1"], world.OpenKeys());
    }

    [Theory]
    [InlineData(500, null)]
    [InlineData(1_000, null)]
    [InlineData(1_500, 1_000)]
    public async Task AnEndThatIsNear_IsAnnouncedASecondAfterTheOpening_IfThatIsBeforeIt(int end, int? announced)
    {
        using var world = new World();
        world.Put(World.Rule("duty", onCallFor: "S1"));
        world.Shifts["S1"].Add(World.Shift(World.Alice, null, world.Now.AddMilliseconds(end)));
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");

        world.Time.Advance(TimeSpan.FromMilliseconds(announced ?? end - 1));
        var before = await connector.ReadAsync();
        Assert.Equal(announced is null ? 0 : 1, before.Count(m => m.SessionExpiring is not null));
        world.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(RevocationCause.ShiftEnded, (await connector.RevokedOnceAsync()).Cause);
    }

    [Fact]
    public async Task AnEndThatMoved_IsAfterARestartKnownByItsLastAnnouncement()
    {
        using var world = new World();
        world.Put(World.Rule("duty", onCallFor: "S1"));
        world.Shifts["S1"].Add(World.Shift(World.Alice, null, world.Now.AddMinutes(3)));
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Pass(TimeSpan.FromSeconds(20));
        world.Shifts["S1"][0] = World.Shift(World.Alice, null, world.Now.AddMinutes(4));
        world.Publish();
        world.Pass(TimeSpan.FromSeconds(20));
        Assert.Equal(2, (await connector.ReadAsync()).Count(m => m.SessionExpiring is not null));

        await world.RestartAsync(keepFacts: true);
        world.Pass(TimeSpan.FromSeconds(20));

        Assert.Empty(await connector.ReadAsync());
    }

    [Fact]
    public async Task TheGrace_EndsAtItsInstant()
    {
        using var world = new World();
        world.Put(World.Rule("incident", incidentOf: "S1", also: p => p.RevocationGrace = Duration.FromTimeSpan(TimeSpan.FromSeconds(30))));
        world.Incidents["S1"].Add("I1");
        world.Publish();
        var connector = await Connector.SubscribedAsync(world);
        world.Open("k1");
        world.Incidents["S1"].Clear();
        world.Publish();
        await connector.ReadAsync();
        world.Time.Advance(TimeSpan.FromSeconds(30) - TimeSpan.FromMilliseconds(1));
        Assert.Empty(await connector.ReadAsync());
        world.Time.Advance(TimeSpan.FromMilliseconds(1));

        var revoked = await connector.RevokedOnceAsync();
        Assert.Equal((world.Now - TimeSpan.FromSeconds(30), world.Now), (revoked.EventTime.ToDateTimeOffset(), revoked.DecisionTime.ToDateTimeOffset()));
    }

    private static AdoptedSession Listed(string key) => new(key, World.Request(), null);

    private static World Plain(SessionOptions? options = null)
    {
        var world = new World(options);
        world.Put(World.Rule("plain"));
        return world;
    }

    private static async Task<SessionRevoked> RevokedOf(World world, string connector)
    {
        using var watch = world.Sessions.Watch(World.Organization, connector, TokenAtTheBeginning(world, connector), [], TimeSpan.FromSeconds(1), _ => []);
        await foreach (var message in watch.ReadAllAsync(CancellationToken.None).Select(m => m.Read()))
        {
            if (message.SessionRevoked is { } revoked)
            {
                return revoked;
            }
        }

        throw new InvalidOperationException("the watch ended");
    }

    private static string TokenAtTheBeginning(World world, string connector)
    {
        var journal = world.Journal.LoadAsync(CancellationToken.None).GetAwaiter().GetResult();
        return new ResumeToken(journal.Epoch, ResumeToken.LogOf(World.Organization, connector), 0).ToString();
    }
}
