using Border0.PdSidecar.Storage.Etcd.Configuration;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Storage.Migration;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Sqlite;
using Border0.PdSidecar.Storage.Tests.Configuration;
using Border0.PdSidecar.Storage.Tests.Etcd;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Tests.Migration;

[Collection(UsesSharedEtcd.Name)]
public sealed class ConfigurationMigrationTests(SharedEtcd etcd) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly EtcdClient _client = etcd.NewClient();

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task To_etcd_and_back_nothing_is_lost_and_nothing_is_written_twice()
    {
        await FillAsync(200);
        await using (var source = Database("pdsidecar.db"))
        {
            var (moved, wasThere) = await ConfigurationMigration.RunAsync(source, EtcdTarget(), default);
            Assert.False(wasThere);
            Assert.Equal((20, 200), (moved.Integrations.Count, moved.Policies.Count));
            Assert.True((await ConfigurationMigration.RunAsync(source, EtcdTarget(), default)).WasThere);
        }

        // The references came along: an integration that is in use stays.
        var store = EtcdStore();
        Assert.True((await store.DeleteIntegrationAsync("org", "i0", "", force: false, default)).Refused);
        Assert.Equal(10, (await store.DeleteIntegrationAsync("org", "i0", "", force: false, default)).ReferringPolicies.Count);

        var back = new SqliteTarget(_folder.Path("back.db"), Keys());
        Assert.False((await ConfigurationMigration.RunAsync(store, back, default)).WasThere);
        Assert.True((await ConfigurationMigration.RunAsync(store, back, default)).WasThere);
        await using var first = Database("pdsidecar.db");
        await using var second = Database("back.db");
        Assert.Null(ConfigurationMigration.Difference(await first.LoadAsync(default), await second.LoadAsync(default)));
        Assert.DoesNotContain(_folder.Files, f => f.Contains("migrating", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_target_that_holds_something_else_is_refused_and_stays_as_it_was()
    {
        await FillAsync(3);
        await EtcdStore().CreateAsync(Samples.Policy("another"), default);
        await using (var source = Database("pdsidecar.db"))
        {
            var refused = await Assert.ThrowsAsync<StorageUnusableException>(() => ConfigurationMigration.RunAsync(source, EtcdTarget(), default));
            Assert.Contains("not empty", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal("another", Assert.Single((await EtcdStore().LoadAsync(default)).Policies).Name);
        await Assert.ThrowsAsync<StorageUnusableException>(() => ConfigurationMigration.RunAsync(EtcdStore(), new SqliteTarget(_folder.Path("pdsidecar.db"), Keys()), default));
        await using var still = Database("pdsidecar.db");
        Assert.Equal(3, (await still.LoadAsync(default)).Policies.Count);
    }

    [Fact]
    public async Task A_run_that_was_broken_off_leaves_nothing_that_is_used_and_is_done_again_from_the_beginning()
    {
        await FillAsync(3);

        // What a killed run leaves behind: the mark, and some of it.
        await _client.CommitAsync(
            new EtcdTransaction().Put("config/migration", ByteString.CopyFromUtf8("of a run that is no more")).Put("config/policies/org/half", ByteString.CopyFromUtf8("half")), default);
        await Assert.ThrowsAsync<StorageUnusableException>(() => EtcdStore().LoadAsync(default));
        await using var source = Database("pdsidecar.db");
        Assert.False((await ConfigurationMigration.RunAsync(source, EtcdTarget(), default)).WasThere);
        Assert.Equal(3, (await EtcdStore().LoadAsync(default)).Policies.Count);
    }

    [Fact]
    public async Task What_does_not_fit_leaves_the_target_empty()
    {
        await using var source = Database("pdsidecar.db");
        await source.CreateAsync(Samples.Policy("fits"), default);
        await source.CreateAsync(Samples.Policy("large", description: new string('x', 1 << 20)), default);
        await Assert.ThrowsAsync<StorageLimitException>(() => ConfigurationMigration.RunAsync(source, EtcdTarget(), default));
        Assert.Empty((await EtcdStore().LoadAsync(default)).Policies);
    }

    private KeyRing Keys() => KeyRing.Open(_folder.Path("encryption.key"));

    private SqliteConfigurationStore Database(string name) => SqliteConfigurationStore.Open(_folder.Path(name), Keys());

    private EtcdConfigurationStore EtcdStore() => new(_client, Keys(), TimeProvider.System);

    private EtcdTarget EtcdTarget() => new(_client, Keys(), TimeProvider.System);

    private async Task FillAsync(int policies)
    {
        await using var source = Database("pdsidecar.db");
        for (var i = 0; i < 20; i++)
        {
            await source.CreateAsync(Samples.Integration($"i{i}"), default);
        }

        for (var i = 0; i < policies; i++)
        {
            await source.CreateAsync(Samples.Policy($"p{i}", description: new string('d', 500), integrations: $"i{i % 20}"), default);
        }
    }
}
