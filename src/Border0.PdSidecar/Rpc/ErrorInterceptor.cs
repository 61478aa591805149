using Border0.PdSidecar.Storage;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Border0.PdSidecar.Rpc;

/// <summary>Turns what services throw into errors that callers can read: the one place where this is done.</summary>
internal sealed partial class ErrorInterceptor(ILogger<ErrorInterceptor> logger) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            // Nearly every decision is there at once: nothing is left to wait for.
            var answer = continuation(request, context);
            return answer.IsCompletedSuccessfully ? answer : AwaitAsync(answer, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    private async Task<TResponse> AwaitAsync<TResponse>(Task<TResponse> answer, ServerCallContext context)
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

    private RpcException Translate(Exception e, ServerCallContext context)
    {
        if (context.CancellationToken.IsCancellationRequested && e is OperationCanceledException or IOException or InvalidOperationException)
        {
            return new RpcException(new Status(StatusCode.Cancelled, "the call was cancelled or its deadline has passed"));
        }

        if (e is StorageUnavailableException)
        {
            StorageUnavailable(e, context.Method);
            return RpcErrors.Unavailable("STORAGE_UNAVAILABLE", "the configuration cannot be read or written now (a full or read-only disk?); nothing was changed");
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
