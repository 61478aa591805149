using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Tests.Rpc;

/// <summary>EvaluationService is bound by hand: it has to stay the contract's.</summary>
public sealed class EvaluationBindingTests
{
    [Fact]
    public void EveryMethodOfTheContract_IsBound_AsItIsThere()
    {
        var bound = new Bound();
        EvaluationBinding.BindService(bound, null);
        WatchBinding.BindService(bound, null);

        Assert.Equal(
            EvaluationService.Descriptor.Methods.Select(m => ($"/{m.Service.FullName}/{m.Name}", TypeOf(m.IsClientStreaming, m.IsServerStreaming))).Order(),
            bound.Methods.Order());
    }

    private static MethodType TypeOf(bool client, bool server) =>
        client ? server ? MethodType.DuplexStreaming : MethodType.ClientStreaming : server ? MethodType.ServerStreaming : MethodType.Unary;

    private sealed class Bound : ServiceBinderBase
    {
        public List<(string, MethodType)> Methods { get; } = [];

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) => Methods.Add((method.FullName, method.Type));

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) => Methods.Add((method.FullName, method.Type));

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) => Methods.Add((method.FullName, method.Type));
    }
}
