using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>WatchSessions as gRPC calls it, apart from the rest of EvaluationService.</summary>
[BindServiceMethod(typeof(WatchBinding), nameof(WatchBinding.BindService))]
internal abstract class WatchRpcBase
{
    public abstract Task WatchSessions(WatchSessionsRequest request, IServerStreamWriter<WatchMessage> responseStream, ServerCallContext context);
}
