using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>WatchSessions as a service of its own: gRPC bounds the size of messages by service, and this method's may be larger.</summary>
internal sealed class WatchRpc(EvaluationRpc evaluation) : WatchRpcBase
{
    public override Task WatchSessions(WatchSessionsRequest request, IServerStreamWriter<WatchMessage> responseStream, ServerCallContext context) =>
        evaluation.WatchSessions(request, responseStream, context);
}
