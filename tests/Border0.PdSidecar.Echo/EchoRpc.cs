using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Echo;

/// <summary>Answers as the sidecar does, without deciding anything: what gRPC itself costs.</summary>
internal sealed class EchoRpc(Shapes shapes, Bursts bursts) : EvaluationService.EvaluationServiceBase
{
    public override Task<EvaluateResponse> Evaluate(EvaluateRequest request, ServerCallContext context) => Task.FromResult(Answer(request));

    public override async Task EvaluateStream(
        IAsyncStreamReader<EvaluateStreamRequest> requestStream, IServerStreamWriter<EvaluateStreamResponse> responseStream, ServerCallContext context)
    {
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            var answers = new EvaluateStreamResponse();
            foreach (var request in requestStream.Current.Requests)
            {
                answers.Responses.Add(Answer(request));
            }

            await responseStream.WriteAsync(answers, context.CancellationToken);
        }
    }

    public override async Task WatchSessions(WatchSessionsRequest request, IServerStreamWriter<WatchSessionsResponse> responseStream, ServerCallContext context)
    {
        await foreach (var messages in bursts.Watch(context.CancellationToken))
        {
            for (var i = 0; i < messages; i++)
            {
                await responseStream.WriteAsync(shapes.Event, context.CancellationToken);
            }
        }
    }

    private EvaluateResponse Answer(EvaluateRequest request)
    {
        var shape = shapes.Answer;
        var answer = new EvaluateResponse
        {
            RequestId = request.RequestId,
            Decision = shape.Decision,
            ValidUntil = shape.ValidUntil,
            FactsTime = shape.FactsTime,
            SessionKey = shape.SessionKey,
            Revision = shape.Revision,
        };
        answer.AllowedActions.Add(shape.AllowedActions);
        answer.Permissions.Add(shape.Permissions);
        answer.Reasons.Add(shape.Reasons);
        return answer;
    }
}
