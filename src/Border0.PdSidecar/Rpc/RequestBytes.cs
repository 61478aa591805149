using System.ComponentModel;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>
/// Reads requests so that bytes which are no message of their type are the caller's error: INVALID_ARGUMENT, reason MALFORMED_REQUEST.
/// Left to gRPC they would be UNKNOWN, and a line with a stack in the log each, which anybody who may call could fill it with.
/// </summary>
internal static class RequestBytes
{
    /// <summary>Reads with a parser.</summary>
    public static T Read<T>(MessageParser<T> parser, DeserializationContext context)
        where T : class, IMessage<T>, IBufferMessage => Guarded(context, c => parser.ParseFrom(c.PayloadAsReadOnlySequence()));

    private static T Guarded<T>(DeserializationContext context, Func<DeserializationContext, T> read)
    {
        try
        {
            return read(context);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw RpcErrors.Malformed(e.Message);
        }
    }

    /// <summary>IntegrationService as it is generated, but for how requests are read.</summary>
    internal static class Integrations
    {
        /// <summary>The contract: what server reflection looks for.</summary>
        public static Google.Protobuf.Reflection.ServiceDescriptor Descriptor => IntegrationService.Descriptor;

        /// <summary>Called by gRPC with the type that declares the methods, which it finds by these names.</summary>
        [EditorBrowsable(EditorBrowsableState.Never)]
        public static void BindService(ServiceBinderBase binder, IntegrationService.IntegrationServiceBase? service) => IntegrationService.BindService(new Binder(binder), service);
    }

    /// <summary>PolicyService as it is generated, but for how requests are read.</summary>
    internal static class Policies
    {
        /// <summary>The contract: what server reflection looks for.</summary>
        public static Google.Protobuf.Reflection.ServiceDescriptor Descriptor => PolicyService.Descriptor;

        /// <summary>Called by gRPC with the type that declares the methods, which it finds by these names.</summary>
        [EditorBrowsable(EditorBrowsableState.Never)]
        public static void BindService(ServiceBinderBase binder, PolicyService.PolicyServiceBase? service) => PolicyService.BindService(new Binder(binder), service);
    }

    /// <summary>ActivityService as it is generated, but for how requests are read.</summary>
    internal static class Activities
    {
        /// <summary>The contract: what server reflection looks for.</summary>
        public static Google.Protobuf.Reflection.ServiceDescriptor Descriptor => ActivityService.Descriptor;

        /// <summary>Called by gRPC with the type that declares the methods, which it finds by these names.</summary>
        [EditorBrowsable(EditorBrowsableState.Never)]
        public static void BindService(ServiceBinderBase binder, ActivityService.ActivityServiceBase? service) => ActivityService.BindService(new Binder(binder), service);
    }

    /// <summary>Binds the kinds of methods that those services have; any other kind would be one of the base's that throws.</summary>
    private sealed class Binder(ServiceBinderBase inner) : ServiceBinderBase
    {
        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
            inner.AddMethod(Guarding(method), handler);

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
            inner.AddMethod(Guarding(method), handler);

        private static Method<TRequest, TResponse> Guarding<TRequest, TResponse>(Method<TRequest, TResponse> method)
            where TRequest : class
            where TResponse : class
        {
            var marshaller = method.RequestMarshaller;
            var guarded = new Marshaller<TRequest>(marshaller.ContextualSerializer, context => Guarded(context, marshaller.ContextualDeserializer));
            return new Method<TRequest, TResponse>(method.Type, method.ServiceName, method.Name, guarded, method.ResponseMarshaller);
        }
    }
}
