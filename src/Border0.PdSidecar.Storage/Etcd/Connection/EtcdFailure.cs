using Grpc.Core;

namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>What a failed call means.</summary>
internal enum EtcdFailure
{
    /// <summary>It did not reach the member, or the member did not begin with it: another may be asked, for a write too.</summary>
    NotBegun,

    /// <summary>It may have been done.</summary>
    Unknown,

    /// <summary>The token is not known any more.</summary>
    TokenExpired,

    /// <summary>The answer is larger than this process takes.</summary>
    AnswerTooLarge,

    /// <summary>The revision is gone.</summary>
    Compacted,

    /// <summary>It was refused, and nothing was done.</summary>
    Refused,
}

/// <summary>Tells failures apart by etcd's codes and words.</summary>
internal static class EtcdFailures
{
    public static EtcdFailure Of(RpcException e)
    {
        var detail = e.Status.Detail;
        return e.StatusCode switch
        {
            StatusCode.Unavailable when NeverSent(e) || Says(detail, "no leader") => EtcdFailure.NotBegun,
            StatusCode.Unauthenticated => EtcdFailure.TokenExpired,

            // "user name is empty": authentication was switched on, or the member was told of the token's end by another.
            StatusCode.InvalidArgument when Says(detail, "user name is empty") || Says(detail, "revision of auth store is old") || Says(detail, "invalid auth token") => EtcdFailure.TokenExpired,
            StatusCode.OutOfRange when Says(detail, "compacted") => EtcdFailure.Compacted,
            StatusCode.ResourceExhausted when Says(detail, "too many requests") => EtcdFailure.NotBegun,
            StatusCode.ResourceExhausted when Says(detail, "Received message exceeds") => EtcdFailure.AnswerTooLarge,
            StatusCode.InvalidArgument or StatusCode.PermissionDenied or StatusCode.FailedPrecondition or StatusCode.NotFound or StatusCode.OutOfRange
                or StatusCode.ResourceExhausted or StatusCode.Unimplemented or StatusCode.AlreadyExists => EtcdFailure.Refused,
            _ => EtcdFailure.Unknown,
        };
    }

    /// <summary>What a member said, or why there is none.</summary>
    public static string Why(RpcException e) =>
        e.StatusCode == StatusCode.DeadlineExceeded ? "no answer in time"
        : e.Status.DebugException is { } cause && e.StatusCode == StatusCode.Unavailable ? Innermost(cause)
        : e.Status.Detail;

    private static bool NeverSent(RpcException e) =>
        e.Status.DebugException is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError };

    private static bool Says(string detail, string words) => detail.Contains(words, StringComparison.OrdinalIgnoreCase);

    private static string Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
        {
            e = inner;
        }

        return e.Message;
    }
}
