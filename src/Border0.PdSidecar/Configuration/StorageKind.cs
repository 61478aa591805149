namespace Border0.PdSidecar.Configuration;

/// <summary>Where integrations and policies are. Sessions, facts at rest and tokens are in the data directory in any case.</summary>
public enum StorageKind
{
    /// <summary>In the data directory, of this sidecar alone.</summary>
    Sqlite,

    /// <summary>In etcd, shared by a fleet.</summary>
    Etcd,
}
