using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>A key and what stands under it at a revision.</summary>
/// <param name="Key">The key, without the fleet's prefix.</param>
/// <param name="Value">The value; empty for a key that was deleted.</param>
/// <param name="CreateRevision">The revision that the key was made at; 0 when it is not there.</param>
/// <param name="ModRevision">The revision of the last change; of the deletion for one that was deleted.</param>
/// <param name="Version">How often it was written since it was made, beginning with 1; 0 when it is not there.</param>
/// <param name="Lease">The lease that it goes with; 0 when it stays.</param>
public sealed record EtcdRecord(string Key, ByteString Value, long CreateRevision, long ModRevision, long Version, long Lease)
{
    /// <summary>A key that is not there.</summary>
    public static EtcdRecord Absent(string key) => new(key, ByteString.Empty, 0, 0, 0, 0);

    /// <summary>Whether the key is there.</summary>
    public bool Exists => Version > 0;

    /// <summary>Says nothing of the value.</summary>
    public override string ToString() => $"{Key}@{ModRevision}";
}

/// <summary>What stands under a prefix at one revision.</summary>
/// <param name="Revision">The cluster's revision that all of it is of; watch from the next one.</param>
/// <param name="Records">The records, ordered by key.</param>
public sealed record EtcdListing(long Revision, IReadOnlyList<EtcdRecord> Records);
