using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;

namespace Border0.PdSidecar.Tests.Access;

/// <summary>Calls any method of the contract with an empty request, and says with which status it ends.</summary>
internal static class AnyMethod
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(b => b, b => b);

    public static async Task<Status> CallAsync(GrpcChannel channel, MethodDescriptor method, string? authorization, CancellationToken cancellation, byte[]? request = null)
    {
        var headers = new Metadata();
        if (authorization is not null)
        {
            headers.Add("authorization", authorization);
        }

        var type = (method.IsClientStreaming, method.IsServerStreaming) switch
        {
            (true, true) => MethodType.DuplexStreaming,
            (false, true) => MethodType.ServerStreaming,
            _ => MethodType.Unary,
        };
        var called = new Method<byte[], byte[]>(type, method.Service.FullName, method.Name, Bytes, Bytes);
        var options = new CallOptions(headers, cancellationToken: cancellation);
        var invoker = channel.CreateCallInvoker();
        try
        {
            switch (type)
            {
                case MethodType.Unary:
                    await invoker.AsyncUnaryCall(called, null, options, request ?? []);
                    break;
                case MethodType.ServerStreaming:
                    using (var call = invoker.AsyncServerStreamingCall(called, null, options, request ?? []))
                    {
                        await call.ResponseStream.MoveNext(cancellation);
                    }

                    break;
                default:
                    using (var call = invoker.AsyncDuplexStreamingCall(called, null, options))
                    {
                        await call.RequestStream.CompleteAsync();
                        await call.ResponseStream.MoveNext(cancellation);
                    }

                    break;
            }

            return Status.DefaultSuccess;
        }
        catch (RpcException e)
        {
            return e.Status;
        }
    }
}
