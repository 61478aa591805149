using Border0.PdSidecar.Storage.Etcd.Configuration;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Tests.Configuration;

namespace Border0.PdSidecar.Storage.Tests.Etcd;

/// <summary>The same promises as those of the file, kept by a real etcd.</summary>
[Collection(UsesSharedEtcd.Name)]
public sealed class EtcdConfigurationStoreConformanceTests : ConfigurationStoreConformance
{
    public EtcdConfigurationStoreConformanceTests(SharedEtcd etcd)
        : this(etcd.NewClient(), new TemporaryFolder())
    {
    }

    private EtcdConfigurationStoreConformanceTests(EtcdClient client, TemporaryFolder folder)
        : base(
            () => Task.FromResult<IConfigurationStore>(new EtcdConfigurationStore(client, KeyRing.Open(folder.Path("encryption.key")), TimeProvider.System)),
            () =>
            {
                client.Dispose();
                folder.Dispose();
            })
    {
    }
}
