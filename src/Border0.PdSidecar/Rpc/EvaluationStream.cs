using Border0.PdSidecar.Access;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>
/// One EvaluateStream: what can be decided at once is answered at once, the answers of messages that have come together in one; what waits for
/// PagerDuty follows when it is ready. Bounded: a caller that does not read its answers is not read from, and at most so many requests
/// wait at a time.
/// </summary>
internal sealed class EvaluationStream(
    Decider decider, Caller caller, IAsyncStreamReader<EvaluateStreamRequest> requests, IServerStreamWriter<StreamAnswer> responses, ServerCallContext context) : IDisposable
{
    private const int MostInMessage = 1024;
    private const int MostWaiting = 1024;

    /// <summary>Answers are sent when there are so many bytes of them, even if more requests are there.</summary>
    private const int MostTogether = 32 * 1024;

    private readonly SemaphoreSlim _writing = new(1);
    private readonly SemaphoreSlim _waiting = new(MostWaiting);
    private int _drained;

    public async Task RunAsync()
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, caller.Ends);
        var call = new EvaluateCall(context, caller, ends.Token);
        try
        {
            var answer = new StreamAnswer();
            for (var next = requests.MoveNext(ends.Token); await next;)
            {
                var message = requests.Current;
                if (message.Requests.Count > MostInMessage)
                {
                    throw RpcErrors.Invalid("requests", $"must have at most {MostInMessage} entries in one message");
                }

                await TakeAsync(message, answer, call);
                next = requests.MoveNext(ends.Token);
                if (!answer.IsEmpty && (!next.IsCompleted || answer.Size >= MostTogether))
                {
                    await WriteAsync(answer, ends.Token);
                    answer = new StreamAnswer();
                }
            }

            if (!answer.IsEmpty)
            {
                await WriteAsync(answer, ends.Token);
            }

            await DrainAsync();
        }
        finally
        {
            await ends.CancelAsync();
            await DrainAsync();
        }
    }

    public void Dispose()
    {
        _writing.Dispose();
        _waiting.Dispose();
    }

    /// <summary>Waits until no request waits for PagerDuty any more; each does for a bounded time.</summary>
    private async Task DrainAsync()
    {
        for (; _drained < MostWaiting; _drained++)
        {
            await _waiting.WaitAsync(CancellationToken.None);
        }
    }

    private async ValueTask TakeAsync(EvaluateStreamRequest message, StreamAnswer answer, EvaluateCall call)
    {
        for (var i = 0; i < message.Requests.Count; i++)
        {
            var request = message.Requests[i];
            try
            {
                var deciding = decider.DecideAsync(request, call);
                if (deciding.IsCompletedSuccessfully)
                {
                    answer.Add(deciding.Result);
                }
                else
                {
                    await _waiting.WaitAsync(call.Cancellation);
                    _ = FollowAsync(request, deciding, call.Cancellation);
                }
            }
            catch (RpcException e)
            {
                answer.Add(Failure(request, e));
            }
        }
    }

    private async Task FollowAsync(EvaluateRequest request, ValueTask<EvaluationAnswer> deciding, CancellationToken cancellation)
    {
        try
        {
            var late = new StreamAnswer();
            try
            {
                late.Add(await deciding);
            }
            catch (RpcException e)
            {
                late.Add(Failure(request, e));
            }

            await WriteAsync(late, cancellation);
        }
        catch (Exception) when (cancellation.IsCancellationRequested || context.CancellationToken.IsCancellationRequested)
        {
            // The stream is over: nobody waits for this answer.
            return;
        }
        finally
        {
            _waiting.Release();
        }
    }

    private async ValueTask WriteAsync(StreamAnswer answer, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            await responses.WriteAsync(answer, cancellation);
        }
        finally
        {
            _writing.Release();
        }
    }

    private static EvaluateFailure Failure(EvaluateRequest request, RpcException e) =>
        new() { RequestId = request.RequestId, Code = (int)e.StatusCode, Message = e.Status.Detail, Reason = RpcErrors.ReasonOf(e) };
}
