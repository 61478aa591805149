using System.Collections.Concurrent;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Border0.PdSidecar.Tests.Administration;

/// <summary>Changes of a shared store come in force in its order, this process's own among them, and none twice.</summary>
public sealed class SharedConfigurationTests : IAsyncLifetime, IConfigurationObserver
{
    private static readonly Actor Administrator = new("unix", "", "", 0, "grpc_socket", "");
    private readonly ScriptedStore _store = new();
    private readonly ConcurrentQueue<ConfigurationChange> _told = new();
    private readonly CancellationTokenSource _end = new();
    private readonly PagerDutyClients _clients = new(new PagerDutyClientOptions(), TimeProvider.System, NullLoggerFactory.Instance);
    private readonly ConfigurationState _state;
    private Task _following = Task.CompletedTask;

    public SharedConfigurationTests()
    {
        var feeds = new PagerDutyFeeds(new FactsStore(), _clients, new PagerDutyFeedOptions(), TimeProvider.System, NullLoggerFactory.Instance);
        _state = new ConfigurationState(_store, new PolicyCatalog(), feeds, new SidecarOptions(), TimeProvider.System, this);
    }

    public async Task InitializeAsync()
    {
        await _state.LoadAsync(default);
        _following = _state.FollowAsync(_end.Token);
    }

    public async Task DisposeAsync()
    {
        await _end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _following);
        _state.Dispose();
        _clients.Dispose();
        _end.Dispose();
    }

    void IConfigurationObserver.Changed(ConfigurationChange change) => _told.Enqueue(change);

    [Fact]
    public async Task An_own_write_comes_in_force_with_the_others_and_is_told_of_once_with_who_made_it()
    {
        var write = _state.PutAsync(Policy("p"), create: true, Administrator, default);
        _store.Tell(new ConfigurationNews.Changed(101, [Put("p", 101)]) { IsOwn = true });
        Assert.Equal(WriteOutcome.Written, await write);
        Assert.Equal("101", _state.FindPolicy("org", "P")!.Etag);

        _store.Tell(new ConfigurationNews.Changed(102, [Put("q", 102)]));
        await InForceAsync("q");
        Assert.Equal([("p", Administrator), ("q", null)], _told.Select(t => (t.Name, t.Actor)));
    }

    [Fact]
    public async Task All_of_a_revision_is_in_force_at_once()
    {
        _store.Tell(new ConfigurationNews.Changed(101, [Put("p", 101), Put("q", 101)]));
        await InForceAsync("p");
        Assert.NotNull(_state.FindPolicy("org", "q"));
    }

    [Fact]
    public async Task While_nothing_is_told_an_own_write_is_in_force_at_once_and_older_changes_do_not_undo_it()
    {
        _store.Tell(new ConfigurationNews.Changed(101, [Put("p", 101)]));
        await InForceAsync("p");
        _store.Tell(new ConfigurationNews.Interrupted("etcd is away"));
        _store.Revision = 105;
        Assert.Equal(106, (await _state.DeletePolicyAsync("org", "P", "", Administrator, default)).Revision);
        Assert.Null(_state.FindPolicy("org", "p"));

        // What others wrote before it comes afterwards.
        _store.Tell(new ConfigurationNews.Resumed());
        _store.Tell(new ConfigurationNews.Changed(104, [Put("p", 104)]));
        _store.Tell(new ConfigurationNews.Changed(105, [Put("q", 105)]));
        await InForceAsync("q");
        Assert.Null(_state.FindPolicy("org", "p"));

        _store.Tell(new ConfigurationNews.Changed(106, [new StoredChange(null, null, new StoredName(true, "org", "p"))]) { IsOwn = true });
        _store.Tell(new ConfigurationNews.Changed(107, [Put("p", 107)]));
        await InForceAsync("p");
        Assert.Equal(["create p", "delete p", "create q", "create p"], _told.Select(t => $"{t.Action} {t.Name}"));
    }

    [Fact]
    public async Task What_a_listing_does_not_hold_is_gone_and_what_cannot_be_read_stays()
    {
        _store.Tell(new ConfigurationNews.Changed(101, [Put("gone", 101), Put("same", 101), Put("unreadable", 101)]));
        await InForceAsync("same");
        var same = _state.FindPolicy("org", "same");
        _store.Tell(new ConfigurationNews.Listed(new StoredConfiguration([], [Policy("same", 101), Policy("fresh", 150)]) { Revision = 200 })
        {
            Unreadable = [new StoredName(true, "org", "unreadable")],
        });
        await InForceAsync("fresh");
        Assert.Equal(["fresh", "same", "unreadable"], _state.Policies("org").Select(p => p.Name));
        Assert.Same(same, _state.FindPolicy("org", "same"));
        Assert.Equal(["create fresh", "delete gone"], _told.Skip(3).Select(t => $"{t.Action} {t.Name}").Order(StringComparer.Ordinal));
    }

    private static Policy Policy(string name, long revision = 0) => new() { OrganizationId = "org", Name = name, Etag = revision > 0 ? $"{revision}" : "" };

    private static StoredChange Put(string name, long revision) => new(null, Policy(name, revision), null);

    private Task<Policy> InForceAsync(string name) => Eventually.SeesAsync(() => _state.FindPolicy("org", name), name);
}
