using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Border0.PdSidecar.Rpc;

/// <summary>Has whatever a service throws told as an error that callers can read.</summary>
internal sealed class ErrorInterceptor(CallErrors errors) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            // Nearly every decision is there at once: nothing is left to wait for.
            var answer = continuation(request, context);
            return answer.IsCompletedSuccessfully ? answer : errors.GuardAsync(answer, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw errors.Translate(e, context);
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
            throw errors.Translate(e, context);
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
            throw errors.Translate(e, context);
        }
    }
}
