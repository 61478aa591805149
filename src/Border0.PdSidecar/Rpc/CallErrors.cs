using Border0.PdSidecar.Storage;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>Turns what services throw into errors that callers can read: the one place where this is done.</summary>
internal sealed partial class CallErrors(ILogger<CallErrors> logger)
{
    /// <summary>Waits for an answer, and turns what it throws.</summary>
    public async Task<TResponse> GuardAsync<TResponse>(Task<TResponse> answer, ServerCallContext context)
    {
        try
        {
            return await answer;
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    /// <summary>Does what is to be answered, and turns what it throws.</summary>
    public Task<TResponse> GuardAsync<TResponse>(Func<Task<TResponse>> call, ServerCallContext context)
    {
        try
        {
            return GuardAsync(call(), context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    /// <summary>The error that the caller is told of.</summary>
    public RpcException Translate(Exception e, ServerCallContext context)
    {
        if (context.CancellationToken.IsCancellationRequested && e is OperationCanceledException or IOException or InvalidOperationException)
        {
            return new RpcException(new Status(StatusCode.Cancelled, "the call was cancelled or its deadline has passed"));
        }

        if (e is StorageUnavailableException)
        {
            StorageUnavailable(e, context.Method);
            return e is StorageOutcomeUnknownException
                ? RpcErrors.Unavailable("STORAGE_OUTCOME_UNKNOWN", "the change was sent to the store and no answer came: it was made as a whole or not at all; look what is there before trying again")
                : RpcErrors.Unavailable("STORAGE_UNAVAILABLE", "the configuration cannot be read or written now (a full or read-only disk, or etcd does not answer?); nothing was changed");
        }

        if (e is StorageLimitException)
        {
            return RpcErrors.Exhausted("TOO_LARGE_TO_STORE", e.Message);
        }

        var id = Guid.NewGuid().ToString("N")[..12];
        UnexpectedError(e, context.Method, id);
        return RpcErrors.Internal(id);
    }

    [LoggerMessage(LogLevel.Error, "{Method}: the store is not available", EventName = "StorageUnavailable")]
    private partial void StorageUnavailable(Exception e, string method);

    [LoggerMessage(LogLevel.Error, "{Method} failed unexpectedly ({Id})", EventName = "UnexpectedError")]
    private partial void UnexpectedError(Exception e, string method, string id);
}
