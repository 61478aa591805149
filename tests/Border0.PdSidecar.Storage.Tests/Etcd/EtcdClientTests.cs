using Border0.PdSidecar.Storage.Etcd.Connection;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Tests.Etcd;

[Collection(UsesSharedEtcd.Name)]
public sealed class EtcdClientTests(SharedEtcd etcd) : IDisposable
{
    private readonly EtcdClient _client = etcd.NewClient();

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task A_key_that_was_never_written_does_not_exist()
    {
        var record = await _client.GetAsync("nothing", default);
        Assert.False(record.Exists);
        Assert.Equal("nothing", record.Key);
        Assert.Equal(0, record.ModRevision);
    }

    [Fact]
    public async Task A_listing_comes_in_pages_and_is_of_one_revision()
    {
        const int count = 1_300;
        for (var i = 0; i < count; i += 100)
        {
            var transaction = new EtcdTransaction();
            for (var j = i; j < i + 100; j++)
            {
                transaction.Put($"list/{j:D5}", ByteString.CopyFromUtf8($"value {j}"));
            }

            await _client.CommitAsync(transaction, default);
        }

        await PutAsync("lisu", "behind");
        var listing = await _client.ListAsync("list/", default);
        Assert.Equal(Enumerable.Range(0, count).Select(i => $"list/{i:D5}"), listing.Records.Select(r => r.Key));
        Assert.All(listing.Records, r => Assert.True(r.ModRevision <= listing.Revision));
        await PutAsync("list/00000", "changed");
        var before = await _client.ListAsync("list/", default, listing.Revision);
        Assert.Equal("value 0", before.Records[0].Value.ToStringUtf8());
        Assert.Equal(listing.Records.Select(r => r.ModRevision), before.Records.Select(r => r.ModRevision));
    }

    [Fact]
    public async Task A_page_that_is_too_large_is_asked_for_in_smaller_ones()
    {
        var large = ByteString.CopyFrom(new byte[1_200_000]);
        for (var i = 0; i < 20; i++)
        {
            await _client.CommitAsync(new EtcdTransaction().Put($"large/{i:D2}", large), default);
        }

        Assert.Equal(20, (await _client.ListAsync("large/", default)).Records.Count);
    }

    [Fact]
    public async Task A_transaction_is_done_as_a_whole_or_not_at_all()
    {
        var first = await _client.CommitAsync(new EtcdTransaction().IfAbsent("a").Put("a", Text("1")).Put("b", Text("1")), default);
        Assert.True(first.Succeeded);
        var again = await _client.CommitAsync(new EtcdTransaction().IfAbsent("a").Put("b", Text("2")).OtherwiseGet("a"), default);
        Assert.False(again.Succeeded);
        Assert.Equal(first.Revision, Assert.Single(Assert.Single(again.Reads)).ModRevision);
        Assert.Equal("1", (await _client.GetAsync("b", default)).Value.ToStringUtf8());

        Assert.True((await _client.CommitAsync(new EtcdTransaction().IfUnchanged("a", first.Revision).IfCreatedAt("b", first.Revision).IfValue("b", Text("1")).Delete("a"), default)).Succeeded);
        Assert.False((await _client.CommitAsync(new EtcdTransaction().IfUnchanged("b", first.Revision + 1).DeleteAll(""), default)).Succeeded);
        var both = await _client.CommitAsync(new EtcdTransaction().Get("a").GetAll(""), default);
        Assert.Empty(both.Reads[0]);
        Assert.Equal(["b"], both.Reads[1].Select(r => r.Key));
    }

    [Fact]
    public async Task What_is_written_under_a_lease_goes_with_it()
    {
        var lease = await _client.GrantLeaseAsync(TimeSpan.FromSeconds(60), default);
        await _client.CommitAsync(new EtcdTransaction().Put("leased", Text("x"), lease.Id).Put("stays", Text("x")), default);
        Assert.True((await _client.CommitAsync(new EtcdTransaction().IfLeasedBy("leased", lease.Id).Get("leased"), default)).Succeeded);
        Assert.NotNull(await _client.KeepAliveAsync(lease, default));
        Assert.InRange(lease.Left(TimeProvider.System), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));

        await _client.RevokeAsync(lease, default);
        await _client.RevokeAsync(lease, default);
        Assert.Null(await _client.KeepAliveAsync(lease, default));
        Assert.Equal(["stays"], (await _client.ListAsync("", default)).Records.Select(r => r.Key));
    }

    [Fact]
    public async Task A_write_that_is_too_large_is_refused_and_nothing_is_written()
    {
        var refused = await Assert.ThrowsAsync<EtcdRefusedException>(() => _client.CommitAsync(new EtcdTransaction().Put("large", ByteString.CopyFrom(new byte[1_700_000])), default));
        Assert.Contains("too large", refused.Message, StringComparison.Ordinal);
        Assert.False((await _client.GetAsync("large", default)).Exists);
    }

    [Fact]
    public async Task A_write_that_was_given_up_before_it_was_sent_writes_nothing()
    {
        using var given = new CancellationTokenSource();
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.CommitAsync(new EtcdTransaction().Put("a", Text("1")), given.Token));
        Assert.False((await _client.GetAsync("a", default)).Exists);
    }

    [Fact]
    public async Task A_member_that_is_not_there_is_passed_over_for_writes_too()
    {
        using var client = new EtcdClient(
            SharedEtcd.Options(etcd.Cluster, etcd.Cluster.NewPrefix()) with { Endpoints = [new Uri("http://127.0.0.1:1"), etcd.Cluster.Machines[0].Endpoint] }, TimeProvider.System);
        for (var i = 0; i < 4; i++)
        {
            Assert.True((await client.CommitAsync(new EtcdTransaction().Put("a", Text($"{i}")), default)).Succeeded);
        }

        Assert.Equal(etcd.Cluster.Machines[0].Endpoint, client.Member);
    }

    [Fact]
    public async Task Where_no_member_is_there_every_call_ends_and_says_so()
    {
        using var client = new EtcdClient(new EtcdOptions { Endpoints = [new Uri("http://127.0.0.1:1")], CallTimeout = TimeSpan.FromSeconds(4) }, TimeProvider.System);
        Assert.Contains("127.0.0.1:1", (await Assert.ThrowsAsync<EtcdUnavailableException>(() => client.GetAsync("a", default))).Message, StringComparison.Ordinal);

        // Nothing was sent: it is known that nothing was done.
        await Assert.ThrowsAsync<EtcdUnavailableException>(() => client.CommitAsync(new EtcdTransaction().Put("a", Text("1")), default));
        await Assert.ThrowsAsync<EtcdUnavailableException>(() => client.WatchAsync("a", 1, default));
    }

    private static ByteString Text(string text) => ByteString.CopyFromUtf8(text);

    private Task<EtcdTransactionResult> PutAsync(string key, string value) => _client.CommitAsync(new EtcdTransaction().Put(key, Text(value)), default);
}
