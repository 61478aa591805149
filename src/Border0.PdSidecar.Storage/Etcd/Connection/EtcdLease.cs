namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>A lease as it was when etcd last spoke of it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="TimeToLive">How long it lives from that moment on.</param>
/// <param name="Asked">
/// The timestamp (of the client's clock) from before etcd was asked: it certainly lives until then plus the time to live, by this process's
/// clock; a process that was stopped must not go by it alone, but have its writes compare the fencing key.
/// </param>
public sealed record EtcdLease(long Id, TimeSpan TimeToLive, long Asked)
{
    /// <summary>How much of it certainly is left.</summary>
    public TimeSpan Left(TimeProvider time) => TimeToLive - time.GetElapsedTime(Asked);
}
