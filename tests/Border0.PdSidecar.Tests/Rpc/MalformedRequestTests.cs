using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.Tests.Hosting;
using Border0.PdSidecar.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace Border0.PdSidecar.Tests.Rpc;

/// <summary>Bytes that are no message are the caller's error, at every method, and not a line in the log with a stack.</summary>
public class MalformedRequestTests
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(b => b, b => b);

    [Fact]
    public async Task BytesThatAreNoMessage_AreInvalidArgument_AtEveryMethod()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120), TimeProvider.System);
        await using var host = await RunningHost.StartAsync(patience.Token);
        var invoker = host.Channel.CreateCallInvoker();
        byte[][] malformed = [[0x79], [0x0a, 0x05, 0x61], [0x0a, 0x02, 0xff, 0xfe], Nested(150)];
        foreach (var method in ((ServiceDescriptor[])[IntegrationService.Descriptor, PolicyService.Descriptor, EvaluationService.Descriptor, ActivityService.Descriptor]).SelectMany(s => s.Methods))
        {
            foreach (var request in malformed.Where(r => r[0] == 0x79 || r[1] == 5))
            {
                Assert.Equal((method.Name, StatusCode.InvalidArgument, "MALFORMED_REQUEST"), await CallAsync(invoker, method, request, patience.Token));
            }
        }

        // Text that is no UTF-8, and nesting that no message has.
        var evaluate = EvaluationService.Descriptor.FindMethodByName("Evaluate");
        Assert.Equal((evaluate.Name, StatusCode.InvalidArgument, "MALFORMED_REQUEST"), await CallAsync(invoker, evaluate, malformed[2], patience.Token));
        var create = PolicyService.Descriptor.FindMethodByName("CreatePolicy");
        Assert.Equal((create.Name, StatusCode.InvalidArgument, "MALFORMED_REQUEST"), await CallAsync(invoker, create, malformed[3], patience.Token));
    }

    /// <summary>CreatePolicyRequest.policy_document, a Struct: its fields' values are structs again, and so on.</summary>
    private static byte[] Nested(int depth)
    {
        var value = new Google.Protobuf.WellKnownTypes.Value { BoolValue = true };
        for (var i = 0; i < depth; i++)
        {
            var inner = new Google.Protobuf.WellKnownTypes.Struct();
            inner.Fields["a"] = value;
            value = Google.Protobuf.WellKnownTypes.Value.ForStruct(inner);
        }

        return Google.Protobuf.MessageExtensions.ToByteArray(new CreatePolicyRequest { PolicyDocument = value.StructValue });
    }

    private static async Task<(string, StatusCode, string)> CallAsync(CallInvoker invoker, MethodDescriptor method, byte[] request, CancellationToken cancellation)
    {
        var type = (method.IsClientStreaming, method.IsServerStreaming) switch
        {
            (true, true) => MethodType.DuplexStreaming,
            (false, true) => MethodType.ServerStreaming,
            _ => MethodType.Unary,
        };
        var called = new Method<byte[], byte[]>(type, method.Service.FullName, method.Name, Bytes, Bytes);
        var options = new CallOptions(cancellationToken: cancellation);
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            switch (type)
            {
                case MethodType.Unary:
                    await invoker.AsyncUnaryCall(called, null, options, request);
                    break;
                case MethodType.ServerStreaming:
                    using (var call = invoker.AsyncServerStreamingCall(called, null, options, request))
                    {
                        await call.ResponseStream.MoveNext(cancellation);
                    }

                    break;
                default:
                    using (var call = invoker.AsyncDuplexStreamingCall(called, null, options))
                    {
                        await call.WriteUnlessRefusedAsync(request, cancellation);
                        await call.ResponseStream.MoveNext(cancellation);
                    }

                    break;
            }
        });
        return (method.Name, error.StatusCode, RpcErrors.ReasonOf(error));
    }
}
