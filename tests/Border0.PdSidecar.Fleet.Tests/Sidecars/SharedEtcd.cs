using Border0.PdSidecar.Testing.Etcd;

namespace Border0.PdSidecar.Fleet.Tests.Sidecars;

/// <summary>One etcd of one member for all tests that leave it alone, each under a prefix of its own.</summary>
public sealed class SharedEtcd : IAsyncLifetime
{
    public EtcdCluster Cluster { get; private set; } = null!;

    public async Task InitializeAsync() => Cluster = await EtcdCluster.StartAsync();

    public async Task DisposeAsync() => await Cluster.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class UsesSharedEtcd : ICollectionFixture<SharedEtcd>
{
    public const string Name = "etcd";
}
