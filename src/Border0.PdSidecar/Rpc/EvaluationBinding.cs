using System.Buffers;
using System.ComponentModel;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>
/// EvaluationService of the contract, bound by hand: the answers of Evaluate and EvaluateStream and the events of WatchSessions are sent
/// as the bytes they are made as. What is bound, and that its names are the contract's, is held against the contract's descriptor by tests.
/// </summary>
internal static class EvaluationBinding
{
    private static readonly Marshaller<EvaluationAnswer> Answer = new(
        static (answer, context) => Write(context, answer.Bytes.Length, answer, static (to, answer) => to.Write(answer.Bytes)),
        static _ => throw new NotSupportedException("answers are only sent"));

    private static readonly Marshaller<StreamAnswer> Answers = new(
        static (answers, context) => Write(context, answers.Size, answers, static (to, answers) => answers.WriteTo(to)),
        static _ => throw new NotSupportedException("answers are only sent"));

    private static readonly Method<EvaluateRequest, EvaluationAnswer> Evaluate =
        new(MethodType.Unary, Name, nameof(Evaluate), Of(EvaluateRequest.Parser), Answer);

    private static readonly Method<EvaluateStreamRequest, StreamAnswer> EvaluateStream =
        new(MethodType.DuplexStreaming, Name, nameof(EvaluateStream), Of(EvaluateStreamRequest.Parser), Answers);

    private static readonly Marshaller<WatchMessage> Events = new(
        static (message, context) => Write(context, message.Size, message, static (to, message) =>
        {
            message.WriteTo(to.GetSpan(message.Size));
            to.Advance(message.Size);
        }),
        static _ => throw new NotSupportedException("events are only sent"));

    private static readonly Method<WatchSessionsRequest, WatchMessage> WatchSessions =
        new(MethodType.ServerStreaming, Name, nameof(WatchSessions), Of(WatchSessionsRequest.Parser), Events);

    private static readonly Method<EndSessionRequest, EndSessionResponse> EndSession =
        new(MethodType.Unary, Name, nameof(EndSession), Of(EndSessionRequest.Parser), Of(EndSessionResponse.Parser));

    private static readonly Method<RevokeSessionRequest, RevokeSessionResponse> RevokeSession =
        new(MethodType.Unary, Name, nameof(RevokeSession), Of(RevokeSessionRequest.Parser), Of(RevokeSessionResponse.Parser));

    private static readonly Method<ListSessionsRequest, ListSessionsResponse> ListSessions =
        new(MethodType.Unary, Name, nameof(ListSessions), Of(ListSessionsRequest.Parser), Of(ListSessionsResponse.Parser));

    /// <summary>The contract: what server reflection looks for.</summary>
    public static Google.Protobuf.Reflection.ServiceDescriptor Descriptor => EvaluationService.Descriptor;

    private static string Name => EvaluationService.Descriptor.FullName;

    /// <summary>Called by gRPC with the type of the service, whose methods it finds by these names.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static void BindService(ServiceBinderBase binder, EvaluationRpcBase? service)
    {
        _ = service;
        binder.AddMethod(Evaluate, (UnaryServerMethod<EvaluateRequest, EvaluationAnswer>?)null);
        binder.AddMethod(EvaluateStream, (DuplexStreamingServerMethod<EvaluateStreamRequest, StreamAnswer>?)null);
        binder.AddMethod(EndSession, (UnaryServerMethod<EndSessionRequest, EndSessionResponse>?)null);
        binder.AddMethod(RevokeSession, (UnaryServerMethod<RevokeSessionRequest, RevokeSessionResponse>?)null);
        binder.AddMethod(ListSessions, (UnaryServerMethod<ListSessionsRequest, ListSessionsResponse>?)null);
    }

    /// <summary>Binds the method that is a service of its own here.</summary>
    public static void BindWatch(ServiceBinderBase binder) =>
        binder.AddMethod(WatchSessions, (ServerStreamingServerMethod<WatchSessionsRequest, WatchMessage>?)null);

    private static Marshaller<T> Of<T>(MessageParser<T> parser)
        where T : class, IMessage<T>, IBufferMessage => new(
            static (message, context) => Write(context, message.CalculateSize(), message, static (to, message) => message.WriteTo(to)),
            context => RequestBytes.Read(parser, context));

    private static void Write<T>(SerializationContext context, int size, T message, Action<IBufferWriter<byte>, T> write)
    {
        context.SetPayloadLength(size);
        write(context.GetBufferWriter(), message);
        context.Complete();
    }
}
