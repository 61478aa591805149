using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Testing.Etcd;

namespace Border0.PdSidecar.Storage.Tests.Etcd;

/// <summary>One etcd of one member for all tests that leave it alone, each under a prefix of its own.</summary>
public sealed class SharedEtcd : IAsyncLifetime
{
    public EtcdCluster Cluster { get; private set; } = null!;

    public async Task InitializeAsync() => Cluster = await EtcdCluster.StartAsync();

    public async Task DisposeAsync() => await Cluster.DisposeAsync();

    /// <summary>A client under a prefix that nobody else has.</summary>
    public EtcdClient NewClient() => new(Options(Cluster, Cluster.NewPrefix()), TimeProvider.System);

    /// <summary>Patient with a busy machine.</summary>
    public static EtcdOptions Options(EtcdCluster cluster, string prefix) => new()
    {
        Endpoints = [.. cluster.Machines.Select(m => m.Endpoint)],
        Prefix = prefix,
        CallTimeout = TimeSpan.FromSeconds(30),
    };
}

[CollectionDefinition(Name)]
public sealed class UsesSharedEtcd : ICollectionFixture<SharedEtcd>
{
    public const string Name = "etcd";
}
