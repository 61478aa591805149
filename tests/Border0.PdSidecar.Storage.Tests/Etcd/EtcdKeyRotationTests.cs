using Border0.PdSidecar.Storage.Etcd.Configuration;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Tests.Configuration;

namespace Border0.PdSidecar.Storage.Tests.Etcd;

[Collection(UsesSharedEtcd.Name)]
public sealed class EtcdKeyRotationTests(SharedEtcd etcd) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly EtcdClient _client = etcd.NewClient();

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_fleet_reads_and_writes_through_all_three_steps_and_the_old_key_is_gone_afterwards()
    {
        var (administrator, sidecar) = (_folder.Path("administrator.key"), _folder.Path("sidecar.key"));
        var first = Store(administrator);
        await first.LoadAsync(default);
        File.Copy(administrator, sidecar);
        var running = Store(sidecar);
        await first.CreateAsync(Samples.Integration("one"), default);
        await running.CreateAsync(Samples.Integration("two"), default);
        var old = KeyRing.Open(administrator).ActiveId;

        await Assert.ThrowsAsync<StorageUnusableException>(() => EtcdKeyRotation.ActivateAsync(_client, administrator, default));
        for (var rotation = 0; rotation < 2; rotation++)
        {
            var prepared = EtcdKeyRotation.Prepare(administrator);
            Assert.Throws<StorageUnusableException>(() => EtcdKeyRotation.Prepare(administrator));
            await Assert.ThrowsAsync<StorageUnusableException>(() => EtcdKeyRotation.FinishAsync(_client, administrator, default));
            await CopiedAsync(administrator, sidecar, running);

            Assert.Equal((2 + rotation, prepared), await EtcdKeyRotation.ActivateAsync(_client, administrator, default));
            Assert.Equal((0, prepared), await EtcdKeyRotation.ActivateAsync(_client, administrator, default));

            // The file has not come to the sidecar yet: it writes under the old key, and reads what is under the new one.
            Assert.Equal(2 + rotation, (await running.LoadAsync(default)).Integrations.Count);
            await running.CreateAsync(Samples.Integration($"late-{rotation}"), default);
            await CopiedAsync(administrator, sidecar, running);
            Assert.Equal((1, prepared), await EtcdKeyRotation.FinishAsync(_client, administrator, default));
            Assert.Equal((0, prepared), await EtcdKeyRotation.FinishAsync(_client, administrator, default));
            await CopiedAsync(administrator, sidecar, running);
        }

        Assert.Equal(1, KeyRing.Open(administrator).Count);
        Assert.NotEqual(old, KeyRing.Open(administrator).ActiveId);
        Assert.Equal(["late-0", "late-1", "one", "two"], (await running.LoadAsync(default)).Integrations.Select(i => i.Integration.Name).Order(StringComparer.Ordinal));
        foreach (var record in (await _client.ListAsync("config/integrations/", default)).Records)
        {
            Assert.Equal(KeyRing.Open(sidecar).ActiveId, SecretBox.KeyIdOf(StoredValue.Parser.ParseFrom(record.Value).Secrets.Span));
        }
    }

    [Fact]
    public async Task A_key_file_that_is_not_the_fleets_changes_nothing()
    {
        var store = Store(_folder.Path("fleet.key"));
        await store.LoadAsync(default);
        await store.CreateAsync(Samples.Integration(), default);
        var another = _folder.Path("another.key");
        KeyRing.Open(another);
        EtcdKeyRotation.Prepare(another);
        var before = File.ReadAllText(another);
        await Assert.ThrowsAsync<StorageUnusableException>(() => EtcdKeyRotation.ActivateAsync(_client, another, default));
        Assert.Equal(before, File.ReadAllText(another));
        Assert.Single((await store.LoadAsync(default)).Integrations);
    }

    private static async Task CopiedAsync(string from, string to, EtcdConfigurationStore running)
    {
        File.Copy(from, to, overwrite: true);
        await running.RefreshKeysAsync(default);
    }

    private EtcdConfigurationStore Store(string keyFile) => new(_client, KeyRing.Open(keyFile), TimeProvider.System);
}
