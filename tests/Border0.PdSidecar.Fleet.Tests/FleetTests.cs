using Border0.PdSidecar.Fleet.Tests.Sidecars;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Border0.PdSidecar.Testing;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Fleet.Tests;

/// <summary>Some sidecars, a real etcd, a simulated PagerDuty.</summary>
[Collection(UsesSharedEtcd.Name)]
public sealed class FleetTests(SharedEtcd etcd) : IAsyncLifetime
{
    private static readonly FleetOptions Quick = new() { LeaseTimeToLive = TimeSpan.FromSeconds(3), StandbyDelay = TimeSpan.FromMilliseconds(300) };
    private static readonly PagerDutyFeedOptions Often = new() { IncidentsInterval = TimeSpan.FromSeconds(1), Jitter = static () => 0 };

    private readonly List<FleetSidecar> _sidecars = [];
    private readonly string _prefix = etcd.Cluster.NewPrefix();
    private FleetAccount _account = null!;

    public async Task InitializeAsync() => _account = await FleetAccount.StartAsync(10);

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_sidecars.Select(s => s.DisposeAsync().AsTask()));
        await _account.DisposeAsync();
    }

    [Fact]
    public async Task OneSidecarPolls_AndAllKnow()
    {
        await StartAsync(4);

        await KnownEverywhereAsync();
        Assert.Single(_sidecars, s => s.Requests > 0);
        var poller = Assert.Single(_sidecars, s => s.Polls);
        foreach (var sidecar in _sidecars)
        {
            Assert.Equal(poller.Known.Services.Keys.Order(), sidecar.Known.Services.Keys.Order());
            Assert.Equal(poller.Known.EscalationPolicies.Keys.Order(), sidecar.Known.EscalationPolicies.Keys.Order());
            var status = sidecar.Feeds.Status(FleetAccount.Integration);
            Assert.Equal((poller.Name, IntegrationState.Ok), (status.PolledBy, status.State));
        }
    }

    [Fact]
    public async Task AgesAdvanceEverywhere_WithoutAnyFactBeingWrittenAgain()
    {
        await StartAsync(2);
        await KnownEverywhereAsync();
        var before = _sidecars.ConvertAll(s => s.Known.Incidents.Values.Min(i => i.AsOf));
        var writes = await ServiceVersionsAsync();

        await SeesAsync(() => _sidecars.Index().All(s => s.Item.Known.Incidents.Values.Min(i => i.AsOf) > before[s.Index] + TimeSpan.FromSeconds(2)), "younger facts");
        Assert.Equal(writes, await ServiceVersionsAsync());
    }

    [Fact]
    public async Task AnIncident_OpensTheDoorEverywhere_AndItsEndClosesIt()
    {
        await StartAsync(3);
        await KnownEverywhereAsync();
        var service = _account.Services[3];
        var incident = _account.Account.TriggerIncident(service, "down");

        await SeesAsync(() => _sidecars.All(s => s.Evaluate(service.Id, "held").Allowed), "sessions everywhere");
        _account.Account.Resolve(incident);

        await SeesAsync(() => _sidecars.All(s => s.Revoked.ContainsKey("held")), "revocations everywhere");
        Assert.All(_sidecars, s => Assert.Equal(RevocationCause.IncidentResolved, s.Revoked["held"].Event.Cause));
        Assert.Single(_sidecars, s => s.Requests > 0);
    }

    [Fact]
    public async Task AWebhookAtOneSidecar_RevokesAtAnother_AndIsNotUndoneByAPollThatBeganBefore()
    {
        await StartAsync(3, Often with { IncidentsInterval = TimeSpan.FromHours(1) });
        await KnownEverywhereAsync();
        var service = _account.Services[0].Id;
        var opened = _account.Account.TriggerIncident(_account.Services[0], "down");
        var at = _sidecars.First(s => !s.Polls);

        Assert.Equal(WebhookOutcome.Accepted, at.Deliver("E1", opened.Id, service, resolved: false, DateTimeOffset.UtcNow));
        await SeesAsync(() => _sidecars.All(s => s.Evaluate(service, "held").Allowed), "sessions everywhere");

        // The same delivery at another sidecar is the same event.
        Assert.Equal(WebhookOutcome.AcceptedDuplicate, _sidecars.First(s => s != at).Deliver("E1", opened.Id, service, resolved: false, DateTimeOffset.UtcNow));

        // PagerDuty's API still lists it: a poll that begins now must not undo what the webhook says.
        Assert.Equal(WebhookOutcome.Accepted, at.Deliver("E2", opened.Id, service, resolved: true, DateTimeOffset.UtcNow));
        await SeesAsync(() => _sidecars.All(s => s.Revoked.ContainsKey("held")), "revocations everywhere");
        Assert.Equal(PagerDutyOutcome.Ok, (await at.Feeds.SyncAsync(FleetAccount.Integration, default)).Outcome);
        Assert.All(_sidecars, s => Assert.False(s.Evaluate(service).Allowed));
    }

    [Fact]
    public async Task Sync_AtASidecarThatDoesNotPoll_IsAnsweredWhenItKnows()
    {
        await StartAsync(3, Often with { IncidentsInterval = TimeSpan.FromHours(1) });
        await KnownEverywhereAsync();
        var service = _account.Services[1];
        _account.Account.TriggerIncident(service, "down");
        var follower = _sidecars.First(s => !s.Polls);

        var outcome = await follower.Feeds.SyncAsync(FleetAccount.Integration, default);

        Assert.Equal((PagerDutyOutcome.Ok, 10, 1), (outcome.Outcome, outcome.Services, outcome.OpenIncidents));
        Assert.Single(follower.Known.Incidents[service.Id].Open);
        Assert.Equal(0, follower.Requests);
    }

    [Fact]
    public async Task AServiceThatNobodyPolls_IsFetchedByWhoPolls_ForTheSidecarThatNeedsIt()
    {
        await StartAsync(3);
        await KnownEverywhereAsync();
        var added = _account.Account.AddService("new", _account.Account.EscalationPolicies[0]);
        var follower = _sidecars.First(s => !s.Polls);

        Assert.Equal(PagerDutyOutcome.Ok, await follower.Feeds.EnsureKnownAsync(FleetAccount.Integration, added.Id, default));

        Assert.Equal("new", follower.Known.Services[added.Id].Name);
        Assert.Empty(follower.Known.Incidents[added.Id].Open);
        Assert.Equal(0, follower.Requests);
    }

    [Fact]
    public async Task AServiceThatPoliciesBeginToUse_IsKnownEverywhere_AndForgottenWithThem()
    {
        await StartAsync(3);
        await KnownEverywhereAsync();
        var added = _account.Account.AddService("new", _account.Account.EscalationPolicies[0]);
        List<string> all = [.. _account.Services.Select(s => s.Id), added.Id];
        _sidecars.ForEach(s => s.Feeds.Apply([_account.Connection(all)]));
        await SeesAsync(() => _sidecars.All(s => s.Known.Services.ContainsKey(added.Id) && s.Known.Incidents.ContainsKey(added.Id)), "the service everywhere");

        _sidecars.ForEach(s => s.Feeds.Apply([_account.Connection()]));
        await SeesAsync(() => _sidecars.All(s => !s.Known.Services.ContainsKey(added.Id)), "the service nowhere");
    }

    [Fact]
    public async Task APollerThatLeaves_IsFollowedAtOnce_AndNothingIsForgotten()
    {
        await StartAsync(3);
        await KnownEverywhereAsync();
        var poller = _sidecars.Single(s => s.Polls);
        _sidecars.Remove(poller);
        await poller.DisposeAsync();

        await SeesAsync(() => _sidecars.Count(s => s.Polls) == 1, "another poller", TimeSpan.FromSeconds(20));
        await SeesAsync(() => _sidecars.All(s => s.Known.Incidents.Values.Min(i => i.AsOf) > DateTimeOffset.UtcNow - TimeSpan.FromSeconds(5)), "fresh facts");
    }

    [Fact]
    public async Task APollerThatStoodStill_WritesNothingMore_AndFollows()
    {
        await StartAsync(3);
        await KnownEverywhereAsync();
        var first = _sidecars.Single(s => s.Polls);
        var service = _account.Services[2];
        var incident = _account.Account.TriggerIncident(service, "down");
        await SeesAsync(() => _sidecars.All(s => s.Evaluate(service.Id, "held").Allowed), "sessions everywhere");

        first.Freeze();
        await SeesAsync(() => _sidecars.Any(s => s != first && s.Polls), "another poller", TimeSpan.FromSeconds(30));
        _account.Account.Resolve(incident);
        await SeesAsync(() => _sidecars.Where(s => s != first).All(s => s.Revoked.ContainsKey("held")), "revocations at the others", TimeSpan.FromSeconds(30));
        first.Thaw();

        await SeesAsync(() => first.Revoked.ContainsKey("held"), "the revocation at the one that stood still", TimeSpan.FromSeconds(30));
        Assert.False(first.Evaluate(service.Id).Allowed);
        await SeesAsync(() => _sidecars.Count(s => s.Polls) == 1, "one poller");
        Assert.All(_sidecars.Where(s => s != first), s => Assert.False(s.Evaluate(service.Id).Allowed));
    }

    [Fact]
    public async Task ASidecarThatIsCutOff_AnswersFromWhatItKnows_ItsFactsGrowOld_AndItCatchesUp()
    {
        await StartAsync(2);
        await KnownEverywhereAsync();
        var follower = _sidecars.Single(s => !s.Polls);
        var service = _account.Services[4];
        _account.Account.TriggerIncident(service, "down");
        await SeesAsync(() => follower.Evaluate(service.Id, "held").Allowed, "a session");

        follower.CutOff();
        var asOf = follower.Known.Incidents[service.Id].AsOf;
        await Task.Delay(TimeSpan.FromSeconds(3));
        Assert.True(follower.Evaluate(service.Id).Allowed);
        Assert.InRange((follower.Known.Incidents[service.Id].AsOf - asOf).TotalSeconds, 0, 1.5);
        Assert.Equal(0, follower.Requests);

        follower.Mend();
        await SeesAsync(() => follower.Known.Incidents[service.Id].AsOf > asOf + TimeSpan.FromSeconds(3), "younger facts", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task AfterACompaction_ASidecarThatWasCutOff_ListsAgain()
    {
        await StartAsync(2);
        await KnownEverywhereAsync();
        var follower = _sidecars.Single(s => !s.Polls);
        follower.CutOff();
        var added = _account.Account.AddService("new", _account.Account.EscalationPolicies[0]);
        List<string> all = [.. _account.Services.Select(s => s.Id).Skip(1), added.Id];
        _sidecars.ForEach(s => s.Feeds.Apply([_account.Connection(all)]));
        var poller = _sidecars.Single(s => s.Polls);
        await SeesAsync(() => poller.Known.Services.ContainsKey(added.Id) && !poller.Known.Services.ContainsKey(_account.Services[0].Id), "the change at the poller");
        await SeesAsync(() => poller.Known.Incidents.ContainsKey(added.Id), "its incidents");
        await Task.Delay(TimeSpan.FromSeconds(2));
        var revision = (await etcd.Cluster.ControlAsync("get", "/nothing", "-w", "json")).Split("\"revision\":")[1].Split(',')[0];
        await etcd.Cluster.ControlAsync("compact", revision);

        follower.Mend();
        await SeesAsync(() => follower.Known.Services.ContainsKey(added.Id) && !follower.Known.Services.ContainsKey(_account.Services[0].Id), "the change at the follower", TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData(-20)]
    [InlineData(20)]
    public async Task AClockThatIsWrong_MakesFactsOlderAtMost(int seconds)
    {
        await StartAsync(2);
        await KnownEverywhereAsync();
        var late = await FleetSidecar.StartAsync("late", etcd.Cluster, _prefix, _account, Quick, Often, ahead: TimeSpan.FromSeconds(seconds));
        _sidecars.Add(late);
        await SeesAsync(() => late.Known.Incidents.Count == 10, "facts");

        // The first refresh after it came tells the clocks apart.
        await SeesAsync(() => late.Known.Incidents.Values.All(i => late.Clock.GetUtcNow() - i.AsOf >= TimeSpan.Zero), "facts that are not from ahead");
        for (var i = 0; i < 20; i++)
        {
            var truth = _sidecars.Single(s => s.Polls).Known.Incidents.Values.Max(x => x.AsOf);
            var age = late.Clock.GetUtcNow() - late.Known.Incidents.Values.Max(x => x.AsOf);
            var least = DateTimeOffset.UtcNow - truth - TimeSpan.FromSeconds(1.5);
            Assert.True(age >= least, $"{age} old there, at least {least} in truth");
            await Task.Delay(100);
        }
    }

    [Fact]
    public async Task AnIntegrationThatIsDeleted_LeavesNothingBehind()
    {
        await StartAsync(2);
        await KnownEverywhereAsync();
        _sidecars.ForEach(s => s.Feeds.Apply([]));

        await Eventually.SeesAsync(
            async () => (await FactsKeysAsync()).Trim().Length > 0 ? null : "nothing", "no facts", TimeSpan.FromSeconds(30));
        Assert.All(_sidecars, s => Assert.Empty(s.Known.Services));
    }

    [Fact]
    public async Task FactsOfAnotherAccount_AreNoneOfThisIntegrations()
    {
        await StartAsync(2);
        await KnownEverywhereAsync();
        var account = FleetKeys.AccountOf(_account.Server.BaseAddress);
        Assert.Contains(account, await FactsKeysAsync(), StringComparison.Ordinal);

        // Nothing is sent there: it is not allowed. What was known of the first account says nothing about it all the same.
        _sidecars.ForEach(s => s.Feeds.Apply([_account.Connection() with { BaseUrl = new Uri("http://127.0.0.1:9") }]));

        await Eventually.SeesAsync(async () => (await FactsKeysAsync()).Contains(account, StringComparison.Ordinal) ? null : "", "nothing of the first account in etcd", TimeSpan.FromSeconds(30));
        Assert.All(_sidecars, s => Assert.Empty(s.Known.Services));
        await SeesAsync(() => _sidecars.All(s => s.Feeds.Status(FleetAccount.Integration).State == IntegrationState.Degraded), "what is wrong, everywhere");
    }

    private Task<string> FactsKeysAsync() => etcd.Cluster.ControlAsync("get", _prefix + "fleet/facts/", "--prefix", "--keys-only");

    private async Task StartAsync(int count, PagerDutyFeedOptions? feeds = null)
    {
        for (var i = 0; i < count; i++)
        {
            _sidecars.Add(await FleetSidecar.StartAsync($"s{i}", etcd.Cluster, _prefix, _account, Quick, feeds ?? Often));
        }
    }

    private Task<string> KnownEverywhereAsync() => SeesAsync(
        () => _sidecars.All(s => _account.Services.All(x => s.Known.Services.ContainsKey(x.Id) && s.Known.Incidents.ContainsKey(x.Id)) && s.Known.EscalationPolicies.Count == 2)
            && _sidecars.All(s => s.Feeds.Status(FleetAccount.Integration).State == IntegrationState.Ok),
        "facts everywhere",
        TimeSpan.FromSeconds(60));

    /// <summary>How often each service's facts were written.</summary>
    private async Task<string> ServiceVersionsAsync()
    {
        var json = await etcd.Cluster.ControlAsync("get", $"{_prefix}fleet/facts/", "--prefix", "-w", "json");
        using var document = System.Text.Json.JsonDocument.Parse(json);
        return string.Join(' ', document.RootElement.GetProperty("kvs").EnumerateArray()
            .Select(kv => (Key: System.Text.Encoding.UTF8.GetString(kv.GetProperty("key").GetBytesFromBase64()), Version: kv.GetProperty("version").GetInt64()))
            .Where(kv => kv.Key.Contains("/service/", StringComparison.Ordinal)).Select(kv => $"{kv.Key}={kv.Version}"));
    }

    private static Task<string> SeesAsync(Func<bool> look, string what, TimeSpan? atMost = null) => Eventually.SeesAsync(() => look() ? "" : null, what, atMost ?? TimeSpan.FromSeconds(30));

}
