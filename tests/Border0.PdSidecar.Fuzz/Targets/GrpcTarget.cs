using System.Text;
using Border0.PdSidecar.Fuzz.Inputs;
using Border0.PdSidecar.Fuzz.Running;
using Border0.PdSidecar.V1;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;
using StatusCode = Grpc.Core.StatusCode;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>
/// Every method of the contract, called over gRPC with any bytes for a request. The first byte of an input is the method. What comes back
/// is an answer, or a documented status with its reason, short enough for any client.
/// </summary>
internal sealed class GrpcTarget : FuzzTarget
{
    /// <summary>The least that gRPC's libraries take of headers: grpc-java's and C-core's 8 KiB.</summary>
    private const int MostOfTrailers = 8 * 1024;

    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(b => b, b => b);

    private static readonly MethodDescriptor[] Methods =
        [.. ((IEnumerable<ServiceDescriptor>)[EvaluationService.Descriptor, IntegrationService.Descriptor, PolicyService.Descriptor, ActivityService.Descriptor]).SelectMany(s => s.Methods)];

    private static readonly StatusCode[] Documented =
    [
        StatusCode.InvalidArgument, StatusCode.NotFound, StatusCode.AlreadyExists, StatusCode.Aborted, StatusCode.FailedPrecondition, StatusCode.ResourceExhausted, StatusCode.Unavailable,
    ];

    private readonly RunningSidecar _sidecar = RunningSidecar.StartAsync().GetAwaiter().GetResult();

    public override string Name => "grpc";

    public override string About => $"the {Methods.Length} methods over gRPC, against the whole sidecar";

    public override int Longest => (4 << 20) + 64;

    public override IReadOnlyList<byte[]> Examples { get; } = [.. Enumerable.Range(0, Methods.Length).Select(m => (byte[])[(byte)m])];

    // The decisions, plans and polls of the whole process; a policy may be attached to ten thousand sockets.
    public override long AllocationBound(int size) => (256L << 20) + 256L * size;

    public override long Allocated() => GC.GetTotalAllocatedBytes();

    public override string Show(byte[] input) => input.Length == 0 ? "" : $"{Methods[input[0] % Methods.Length].FullName} {InputText.Of(input.AsSpan(1))}";

    public override byte[]? Generate(Random random, Mutator mutator)
    {
        var method = random.Next(Methods.Length);
        var message = MessageBytes.Make(Methods[method].InputType, random, Longest - 1, valid: random.Next(3) == 0);
        return [(byte)method, .. random.Next(5) == 0 ? mutator.Mutate([message]) : message];
    }

    public override void Run(byte[] input)
    {
        if (input.Length > 0)
        {
            CallAsync(Methods[input[0] % Methods.Length], input[1..]).GetAwaiter().GetResult();
        }
    }

    protected override ValueTask EndAsync() => _sidecar.DisposeAsync();

    private async Task CallAsync(MethodDescriptor method, byte[] request)
    {
        var type = (method.IsClientStreaming, method.IsServerStreaming) switch
        {
            (true, true) => MethodType.DuplexStreaming,
            (false, true) => MethodType.ServerStreaming,
            _ => MethodType.Unary,
        };
        var called = new Method<byte[], byte[]>(type, method.Service.FullName, method.Name, Bytes, Bytes);
        using var enough = new CancellationTokenSource();
        var options = new CallOptions(cancellationToken: enough.Token);
        try
        {
            switch (type)
            {
                case MethodType.Unary:
                    using (var call = _sidecar.Grpc.AsyncUnaryCall(called, null, options, request))
                    {
                        Understood(method, await call.ResponseAsync);
                    }

                    break;
                case MethodType.ServerStreaming:
                    using (var call = _sidecar.Grpc.AsyncServerStreamingCall(called, null, options, request))
                    {
                        FuzzFinding.Unless(await call.ResponseStream.MoveNext(CancellationToken.None), "a watch ends without a word");
                        Understood(method, call.ResponseStream.Current);
                    }

                    break;
                default:
                    using (var call = _sidecar.Grpc.AsyncDuplexStreamingCall(called, null, options))
                    {
                        // What is refused while it is being sent has its answer where answers are, not where it is sent.
                        _ = SendAsync(call.RequestStream, request);
                        while (await call.ResponseStream.MoveNext(CancellationToken.None))
                        {
                            Understood(method, call.ResponseStream.Current);
                        }
                    }

                    break;
            }
        }
        catch (RpcException e)
        {
            Check(e);
        }
        finally
        {
            await enough.CancelAsync();
        }
    }

    private static async Task SendAsync(IClientStreamWriter<byte[]> to, byte[] request)
    {
        try
        {
            await to.WriteAsync(request);
            await to.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or OperationCanceledException)
        {
            // The call is over.
            return;
        }
    }

    private static void Understood(MethodDescriptor method, byte[] answer) => method.OutputType.Parser.ParseFrom(answer);

    private static void Check(RpcException e)
    {
        FuzzFinding.Unless(Documented.Contains(e.StatusCode), $"{e.StatusCode}: {e.Status.Detail[..Math.Min(400, e.Status.Detail.Length)]} {e.Status.DebugException}");
        var size = Encoding.UTF8.GetByteCount(Uri.EscapeDataString(e.Status.Detail)) + e.Trailers.Sum(t => t.Key.Length + 32 + (t.IsBinary ? t.ValueBytes.Length * 4 / 3 : t.Value.Length));
        FuzzFinding.Unless(size <= MostOfTrailers, $"an error of about {size} bytes");

        // Too large a message is gRPC's own refusal, before there is a request.
        var reason = e.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason;
        FuzzFinding.Unless(reason is { Length: > 0 } || (e.StatusCode == StatusCode.ResourceExhausted && e.Status.Detail.Contains("size", StringComparison.Ordinal)), $"{e.StatusCode} without a reason: {e.Status.Detail}");
    }
}
