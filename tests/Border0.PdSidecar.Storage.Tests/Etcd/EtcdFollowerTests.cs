using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Testing.Etcd;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Tests.Etcd;

/// <summary>A follower loses nothing, whatever happens to the members: each test has a cluster of its own to be rough with.</summary>
public sealed class EtcdFollowerTests
{
    [Fact]
    public async Task Changes_of_one_revision_come_together_and_in_order()
    {
        await using var cluster = await EtcdCluster.StartAsync();
        using var client = Client(cluster);
        await using var news = Follow(client);
        Assert.Empty((await NextAsync<EtcdNews.Listed>(news)).Listing.Records);

        // 3 MB at one revision: it comes in fragments.
        var large = ByteString.CopyFrom(new byte[700_000]);
        await client.CommitAsync(new EtcdTransaction().Put("a", large).Put("b", large), default);
        await client.CommitAsync(new EtcdTransaction().Put("other", large).Delete("a"), default);
        var seen = new List<EtcdChange>();
        while (seen.Count < 4)
        {
            var changes = (await NextAsync<EtcdNews.Changed>(news)).Changes;
            Assert.All(changes.Changes.GroupBy(c => c.Record.ModRevision), g => Assert.Equal(2, g.Count()));
            seen.AddRange(changes.Changes);
        }

        Assert.Equal(["a", "b", "a", "other"], seen.OrderBy(c => c.Record.ModRevision).ThenBy(c => c.Record.Key).Select(c => c.Record.Key));
        Assert.True(seen.Single(c => c.IsDeleted).Record.Key == "a");
    }

    [Fact]
    public async Task After_a_restart_of_etcd_it_goes_on_where_it_was()
    {
        await using var cluster = await EtcdCluster.StartAsync();
        using var client = Client(cluster);
        await using var news = Follow(client);
        await NextAsync<EtcdNews.Listed>(news);
        await PutAsync(client, "a", "1");
        Assert.Equal("a", Assert.Single((await NextAsync<EtcdNews.Changed>(news)).Changes.Changes).Record.Key);

        await cluster.Machines[0].KillAsync();
        Assert.NotEmpty((await NextAsync<EtcdNews.Interrupted>(news)).Reason);
        var resumed = NextAsync<EtcdNews.Resumed>(news);
        await cluster.Machines[0].RestartAsync();
        using (var another = Client(cluster))
        {
            await PutAsync(another, "b", "2");
        }

        await resumed;
        Assert.Equal("b", Assert.Single((await NextAsync<EtcdNews.Changed>(news)).Changes.Changes).Record.Key);
    }

    [Fact]
    public async Task Where_what_it_missed_is_compacted_it_lists_again()
    {
        await using var cluster = await EtcdCluster.StartAsync();
        using var client = Client(cluster);
        await PutAsync(client, "a", "1");
        var old = (await client.ListAsync("", default)).Revision;
        await PutAsync(client, "a", "2");
        await client.CommitAsync(new EtcdTransaction().Put("b", ByteString.CopyFromUtf8("3")), default);
        await cluster.ControlAsync("compaction", (await client.RevisionAsync(default)).ToString());
        await Assert.ThrowsAsync<EtcdCompactedException>(() => client.ListAsync("", default, old));

        await using var news = new EtcdFollower(client, "", TimeProvider.System) { Revision = old }.FollowAsync(default).GetAsyncEnumerator();
        Assert.Equal(["a", "b"], (await NextAsync<EtcdNews.Listed>(news)).Listing.Records.Select(r => r.Key));
        await PutAsync(client, "c", "4");
        Assert.Equal("c", Assert.Single((await NextAsync<EtcdNews.Changed>(news)).Changes.Changes).Record.Key);
    }

    [Fact]
    public async Task A_member_that_stands_still_is_left_for_another()
    {
        await using var cluster = await EtcdCluster.StartAsync(members: 3);
        using var client = Client(cluster);
        await using var news = Follow(client);
        await NextAsync<EtcdNews.Listed>(news);
        await PutAsync(client, "a", "1");
        await NextAsync<EtcdNews.Changed>(news);

        var frozen = cluster.Machines.Single(m => m.Endpoint == client.Member);
        frozen.Freeze();
        var another = cluster.Machines.First(m => m != frozen);
        using (var writer = new EtcdClient(SharedEtcd.Options(cluster, "/f/") with { Endpoints = [another.Endpoint] }, TimeProvider.System))
        {
            // Where the frozen one led, the first writes meet an election.
            for (var written = false; !written;)
            {
                try
                {
                    await PutAsync(writer, "b", "2");
                    written = true;
                }
                catch (EtcdOutcomeUnknownException)
                {
                    continue;
                }
            }
        }

        while (await NextAsync(news) is not EtcdNews.Changed { Changes.Changes: [{ Record.Key: "b" }, ..] })
        {
            continue;
        }

        frozen.Thaw();
        Assert.NotEqual(frozen.Endpoint, client.Member);
    }

    [Fact]
    public async Task A_member_that_lost_the_others_ends_its_watches()
    {
        await using var cluster = await EtcdCluster.StartAsync(members: 3);
        var left = cluster.Machines[0];
        using var client = new EtcdClient(SharedEtcd.Options(cluster, "/f/") with { Endpoints = [left.Endpoint], CallTimeout = TimeSpan.FromSeconds(4) }, TimeProvider.System);
        await using var news = Follow(client);
        await NextAsync<EtcdNews.Listed>(news);
        await cluster.Machines[1].KillAsync();
        await cluster.Machines[2].KillAsync();
        await NextAsync<EtcdNews.Interrupted>(news);
        await Assert.ThrowsAsync<EtcdUnavailableException>(() => client.GetAsync("a", default));
    }

    private static EtcdClient Client(EtcdCluster cluster) => new(SharedEtcd.Options(cluster, "/f/"), TimeProvider.System);

    private static IAsyncEnumerator<EtcdNews> Follow(EtcdClient client) => new EtcdFollower(client, "", TimeProvider.System).FollowAsync(default).GetAsyncEnumerator();

    private static Task<EtcdTransactionResult> PutAsync(EtcdClient client, string key, string value) => client.CommitAsync(new EtcdTransaction().Put(key, ByteString.CopyFromUtf8(value)), default);

    private static async Task<EtcdNews> NextAsync(IAsyncEnumerator<EtcdNews> news)
    {
        Assert.True(await news.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(90)));
        return news.Current;
    }

    /// <summary>The next news of a kind; those that tell of no change are passed over.</summary>
    private static async Task<T> NextAsync<T>(IAsyncEnumerator<EtcdNews> news)
        where T : EtcdNews
    {
        while (true)
        {
            var next = await NextAsync(news);
            if (next is not EtcdNews.Changed { Changes.Changes.Count: 0 })
            {
                return Assert.IsType<T>(next);
            }
        }
    }
}
