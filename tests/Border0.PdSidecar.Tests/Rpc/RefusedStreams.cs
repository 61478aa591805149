using Grpc.Core;

namespace Border0.PdSidecar.Tests.Rpc;

internal static class RefusedStreams
{
    /// <summary>
    /// Sends a message that the server may refuse before it has read all of it: the write fails then, with whatever the client
    /// made of the stream's end. Why it was refused is what the answers end with.
    /// </summary>
    public static async Task WriteUnlessRefusedAsync<TRequest, TResponse>(this AsyncDuplexStreamingCall<TRequest, TResponse> call, TRequest message, CancellationToken cancellation)
    {
        try
        {
            await call.RequestStream.WriteAsync(message, cancellation);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
        }
    }
}
