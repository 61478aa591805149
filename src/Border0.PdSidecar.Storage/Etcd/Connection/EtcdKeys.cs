using Border0.PdSidecar.Storage.Etcd.Connection.Protocol;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>Keys with the fleet's prefix and without it: nothing is ever asked for outside of it.</summary>
internal sealed class EtcdKeys(string prefix)
{
    public ByteString Full(string key) => ByteString.CopyFromUtf8(prefix + key);

    /// <summary>The first key behind all that begin with this.</summary>
    public ByteString EndOf(string key)
    {
        // A prefix's last byte is below 0xFF: UTF-8 has no such byte.
        var end = Full(key).ToByteArray();
        end[^1]++;
        return ByteString.CopyFrom(end);
    }

    public EtcdRecord Record(KeyValue kv) =>
        new(kv.Key.ToStringUtf8()[prefix.Length..], kv.Value, kv.CreateRevision, kv.ModRevision, kv.Version, kv.Lease);
}
