using System.ComponentModel;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>Binds the one method of <see cref="WatchRpc"/>. Without a descriptor: server reflection finds the contract at the other service.</summary>
internal static class WatchBinding
{
    /// <summary>Called by gRPC with the type of the service, whose method it finds by its name.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static void BindService(ServiceBinderBase binder, WatchRpcBase? service)
    {
        _ = service;
        EvaluationBinding.BindWatch(binder);
    }
}
