using Border0.PdSidecar.Storage.Etcd.Configuration;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Tests.Configuration;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Tests.Etcd;

/// <summary>What a store promises beyond the file's: several processes, and what others may have left in etcd.</summary>
[Collection(UsesSharedEtcd.Name)]
public sealed class EtcdConfigurationStoreTests(SharedEtcd etcd) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly EtcdClient _client = etcd.NewClient();

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_one_writes_another_sees_in_order_and_by_revision()
    {
        var (one, other) = (Store(), Store());
        var revision = (await other.LoadAsync(default)).Revision;
        await using var news = other.FollowAsync(revision, default).GetAsyncEnumerator();
        var acme = Samples.Integration();
        var policy = Samples.Policy(integrations: "acme");
        await one.CreateAsync(acme, default);
        await one.CreateAsync(policy, default);
        var deleted = await one.DeletePolicyAsync("org", "payments", "", default);

        var first = await NextAsync(news);
        Assert.Equal(acme.Integration, Assert.Single(first.Changes).Integration!.Integration);
        Assert.Equal(acme.Secrets.ApiKey, first.Changes[0].Integration!.Secrets.ApiKey);
        Assert.False(first.IsOwn);
        Assert.Equal(policy, Assert.Single((await NextAsync(news)).Changes).Policy);
        var last = await NextAsync(news);
        Assert.Equal(new StoredName(true, "org", "payments"), Assert.Single(last.Changes).Deleted);
        Assert.Equal(deleted.Revision, last.Revision);
        await other.CreateAsync(Samples.Policy("own"), default);
        Assert.True((await NextAsync(news)).IsOwn);
    }

    [Fact]
    public async Task A_delete_of_an_integration_and_a_policy_that_refers_to_it_cannot_pass_each_other()
    {
        for (var round = 0; round < 15; round++)
        {
            var (one, other) = (Store(), Store());
            var name = $"i{round}";
            await one.CreateAsync(Samples.Integration(name), default);
            var create = other.CreateAsync(Samples.Policy($"p{round}", integrations: name), default);
            var delete = one.DeleteIntegrationAsync("org", name, "", force: false, default);
            Assert.Equal(WriteOutcome.Written, await create);

            // Either it was deleted before anything referred to it, or it is there.
            Assert.NotEqual((await delete).Refused, (await delete).Outcome == WriteOutcome.Written);
            var stored = await one.LoadAsync(default);
            Assert.Equal((await delete).Refused, stored.Integrations.Any(i => i.Integration.Name == name));
        }
    }

    [Fact]
    public async Task Secrets_are_nowhere_in_etcd()
    {
        var acme = Samples.Integration(key: "u+this-is-a-planted-secret");
        await Store().CreateAsync(acme, default);
        foreach (var record in (await _client.ListAsync("", default)).Records)
        {
            foreach (var secret in acme.Secrets.WebhookSecrets.Prepend("planted-secret"))
            {
                Assert.DoesNotContain(secret, record.Value.ToString(System.Text.Encoding.Latin1), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_start_with_another_key_file_is_refused_even_where_nothing_is_stored_yet()
    {
        await Store().LoadAsync(default);
        var refused = await Assert.ThrowsAsync<StorageUnusableException>(() => Store("another.key").LoadAsync(default));
        Assert.Contains("another.key is not the one of the fleet", refused.Message, StringComparison.Ordinal);
        await Store().LoadAsync(default);
    }

    [Theory]
    [InlineData("config/integrations/org/acme")]
    [InlineData("config/policies/org/payments")]
    public async Task What_is_damaged_is_refused_at_the_start_with_its_key(string key)
    {
        var store = Store();
        await store.CreateAsync(Samples.Integration(), default);
        await store.CreateAsync(Samples.Policy(), default);
        await PutAsync(key, "not what was written");
        Assert.Contains(key, (await Assert.ThrowsAsync<StorageUnusableException>(() => store.LoadAsync(default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_that_were_put_in_anothers_place_are_refused()
    {
        var store = Store();
        await store.CreateAsync(Samples.Integration("one"), default);
        await store.CreateAsync(Samples.Integration("two"), default);
        var (one, two) = (await ValueAsync("config/integrations/org/one"), await ValueAsync("config/integrations/org/two"));
        two.Secrets = one.Secrets;
        await _client.CommitAsync(new EtcdTransaction().Put("config/integrations/org/two", two.ToByteString()), default);
        Assert.Contains("config/integrations/org/two", (await Assert.ThrowsAsync<StorageUnusableException>(() => store.LoadAsync(default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_format_and_a_migration_under_way_are_refused_for_reading_and_writing()
    {
        foreach (var (key, value) in ((string, string)[])[("config/format", "2"), ("config/migration", "x")])
        {
            await PutAsync(key, value);
            await Assert.ThrowsAsync<StorageUnusableException>(() => Store().LoadAsync(default));
            await Assert.ThrowsAsync<StorageUnavailableException>(() => Store().CreateAsync(Samples.Policy(), default));
            await _client.CommitAsync(new EtcdTransaction().Delete(key), default);
        }

        Assert.Empty((await Store().LoadAsync(default)).Policies);
    }

    [Fact]
    public async Task What_is_too_large_is_refused_before_anything_is_sent()
    {
        var refused = await Assert.ThrowsAsync<StorageLimitException>(() => Store().CreateAsync(Samples.Policy(description: new string('x', 1 << 20)), default));
        Assert.Contains("policy payments", refused.Message, StringComparison.Ordinal);
        Assert.Empty((await _client.ListAsync("", default)).Records);
    }

    [Fact]
    public async Task What_cannot_be_opened_yet_is_told_of_once_the_key_has_come_and_holds_nothing_else_up()
    {
        var store = Store();
        await store.CreateAsync(Samples.Integration(), default);
        await using var news = store.FollowAsync((await store.LoadAsync(default)).Revision, default).GetAsyncEnumerator();

        // Another sidecar has a newer key, which has not come here yet.
        File.Copy(_folder.Path("encryption.key"), _folder.Path("elsewhere.key"));
        var elsewhere = KeyRing.Open(_folder.Path("elsewhere.key"));
        elsewhere.AddKey();
        var writer = new EtcdConfigurationStore(_client, elsewhere, TimeProvider.System);
        var acme = Samples.Integration(key: "sealed-under-the-new-key").With(i => i.Etag = "");
        await writer.ReplaceAsync(acme, default);
        await writer.CreateAsync(Samples.Policy(), default);

        Assert.Empty((await NextAsync(news)).Changes);
        Assert.Contains("config/integrations/org/acme", store.Trouble, StringComparison.Ordinal);
        var pending = NextAsync(news);
        Assert.NotNull(Assert.Single((await pending).Changes).Policy);
        File.Copy(_folder.Path("elsewhere.key"), _folder.Path("encryption.key"), overwrite: true);
        Assert.Equal("sealed-under-the-new-key", Assert.Single((await NextAsync(news)).Changes).Integration!.Secrets.ApiKey);
        Assert.Null(store.Trouble);
    }

    private static async Task<ConfigurationNews.Changed> NextAsync(IAsyncEnumerator<ConfigurationNews> news)
    {
        do
        {
            Assert.True(await news.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
        }
        while (news.Current is not ConfigurationNews.Changed);
        return (ConfigurationNews.Changed)news.Current;
    }

    private EtcdConfigurationStore Store(string keyFile = "encryption.key") => new(_client, KeyRing.Open(_folder.Path(keyFile)), TimeProvider.System);

    private Task<EtcdTransactionResult> PutAsync(string key, string value) => _client.CommitAsync(new EtcdTransaction().Put(key, ByteString.CopyFromUtf8(value)), default);

    private async Task<StoredValue> ValueAsync(string key) => StoredValue.Parser.ParseFrom((await _client.GetAsync(key, default)).Value);
}
