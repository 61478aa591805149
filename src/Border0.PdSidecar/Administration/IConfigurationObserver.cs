namespace Border0.PdSidecar.Administration;

/// <summary>Is told of every change to integrations and policies.</summary>
public interface IConfigurationObserver
{
    /// <summary>Something was changed. One change at a time, in their order; must not wait or throw.</summary>
    void Changed(ConfigurationChange change);
}
