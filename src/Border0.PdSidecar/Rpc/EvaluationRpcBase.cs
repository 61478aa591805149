using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>EvaluationService as gRPC calls it, with answers that are bytes already.</summary>
[BindServiceMethod(typeof(EvaluationBinding), nameof(EvaluationBinding.BindService))]
internal abstract class EvaluationRpcBase
{
    public abstract Task<EvaluationAnswer> Evaluate(EvaluateRequest request, ServerCallContext context);

    public abstract Task EvaluateStream(IAsyncStreamReader<EvaluateStreamRequest> requestStream, IServerStreamWriter<StreamAnswer> responseStream, ServerCallContext context);

    public abstract Task WatchSessions(WatchSessionsRequest request, IServerStreamWriter<WatchMessage> responseStream, ServerCallContext context);

    public abstract Task<EndSessionResponse> EndSession(EndSessionRequest request, ServerCallContext context);

    public abstract Task<RevokeSessionResponse> RevokeSession(RevokeSessionRequest request, ServerCallContext context);

    public abstract Task<ListSessionsResponse> ListSessions(ListSessionsRequest request, ServerCallContext context);
}
