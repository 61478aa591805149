using Border0.PdSidecar.Storage.Tests.Configuration;

namespace Border0.PdSidecar.Storage.Tests.Sqlite;

public sealed class SqliteConfigurationStoreConformanceTests : ConfigurationStoreConformance
{
    public SqliteConfigurationStoreConformanceTests()
        : this(new TemporaryFolder())
    {
    }

    private SqliteConfigurationStoreConformanceTests(TemporaryFolder folder)
        : base(() => Task.FromResult<IConfigurationStore>(SqliteStore.Open(folder)), folder.Dispose)
    {
    }
}
