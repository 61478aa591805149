namespace Border0.PdSidecar.Storage.Tests.Configuration;

/// <summary>The model itself keeps the promises that others are held against it for.</summary>
public sealed class ModelConfigurationStoreConformanceTests : ConfigurationStoreConformance
{
    public ModelConfigurationStoreConformanceTests()
        : this(new ModelConfigurationStore())
    {
    }

    private ModelConfigurationStoreConformanceTests(ModelConfigurationStore model)
        : base(() => Task.FromResult<IConfigurationStore>(model), () => { })
    {
    }
}
