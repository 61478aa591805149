using Grpc.Core;

namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>No member answered in time, or the cluster has no leader. What was asked for has not been done, unless it is an <see cref="EtcdOutcomeUnknownException"/>.</summary>
public class EtcdUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A write was sent, and no answer came: it may have been done, may still be done, or never.</summary>
public sealed class EtcdOutcomeUnknownException(string message, Exception? inner = null) : EtcdUnavailableException(message, inner);

/// <summary>
/// etcd answered, and refuses: the user may not do this, the password is wrong, the request or the database is too large.
/// Nothing was done; asking again does not help until somebody has changed something.
/// </summary>
public sealed class EtcdRefusedException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>gRPC's code; Unknown when the refusal is this process's own.</summary>
    internal StatusCode Code => InnerException is RpcException e ? e.StatusCode : StatusCode.Unknown;

    /// <summary>The answer was larger than this process takes.</summary>
    internal bool IsTooLarge => InnerException is RpcException e && EtcdFailures.Of(e) == EtcdFailure.AnswerTooLarge;
}

/// <summary>The revision that was asked for is not kept any more: list again.</summary>
/// <param name="oldest">The oldest revision that is still there; 0 when etcd did not say.</param>
public sealed class EtcdCompactedException(long oldest) : Exception($"etcd keeps no revision before {oldest} any more")
{
    /// <summary>The oldest revision that is still there; 0 when etcd did not say.</summary>
    public long Oldest { get; } = oldest;
}
