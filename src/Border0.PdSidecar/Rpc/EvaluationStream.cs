using System.Threading.Channels;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>
/// One EvaluateStream: what can be decided at once of a message is answered in one message; what waits for PagerDuty follows when it is
/// ready. Bounded: a caller that does not read its answers is not read from, and at most so many requests wait at a time.
/// </summary>
internal sealed class EvaluationStream(
    Decider decider, IAsyncStreamReader<EvaluateStreamRequest> requests, IServerStreamWriter<EvaluateStreamResponse> responses, string? traceParent) : IDisposable
{
    private const int MostInMessage = 1024;
    private const int MostWaiting = 1024;

    private readonly Channel<EvaluateStreamResponse> _answers = Channel.CreateBounded<EvaluateStreamResponse>(new BoundedChannelOptions(64) { SingleReader = true });
    private readonly SemaphoreSlim _waiting = new(MostWaiting);
    private int _drained;

    public async Task RunAsync(DateTime deadline, CancellationToken cancellation)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var writing = WriteAsync(ends.Token);
        try
        {
            await foreach (var message in requests.ReadAllAsync(ends.Token))
            {
                if (message.Requests.Count > MostInMessage)
                {
                    throw RpcErrors.Invalid("requests", $"must have at most {MostInMessage} entries in one message");
                }

                await TakeAsync(message, deadline, ends.Token);
                if (writing.IsCompleted)
                {
                    break;
                }
            }

            await DrainAsync();
            _answers.Writer.Complete();
            await writing;
        }
        finally
        {
            await ends.CancelAsync();
            await DrainAsync();
            _answers.Writer.TryComplete();
            await ((Task)writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose() => _waiting.Dispose();

    /// <summary>Waits until no request waits for PagerDuty any more; each does for a bounded time.</summary>
    private async Task DrainAsync()
    {
        for (; _drained < MostWaiting; _drained++)
        {
            await _waiting.WaitAsync(CancellationToken.None);
        }
    }

    private async Task TakeAsync(EvaluateStreamRequest message, DateTime deadline, CancellationToken cancellation)
    {
        var ready = new EvaluateStreamResponse();
        foreach (var request in message.Requests)
        {
            try
            {
                var deciding = decider.DecideAsync(request, deadline, traceParent, cancellation);
                if (deciding.IsCompletedSuccessfully)
                {
                    ready.Responses.Add(deciding.Result);
                }
                else
                {
                    await _waiting.WaitAsync(cancellation);
                    _ = FollowAsync(request, deciding, cancellation);
                }
            }
            catch (RpcException e)
            {
                ready.Failures.Add(Failure(request, e));
            }
        }

        if (ready.Responses.Count + ready.Failures.Count > 0)
        {
            await _answers.Writer.WriteAsync(ready, cancellation);
        }
    }

    private async Task FollowAsync(EvaluateRequest request, ValueTask<EvaluateResponse> deciding, CancellationToken cancellation)
    {
        try
        {
            var late = new EvaluateStreamResponse();
            try
            {
                late.Responses.Add(await deciding);
            }
            catch (RpcException e)
            {
                late.Failures.Add(Failure(request, e));
            }

            await _answers.Writer.WriteAsync(late, cancellation);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // The stream is over: nobody waits for this answer.
            return;
        }
        finally
        {
            _waiting.Release();
        }
    }

    private async Task WriteAsync(CancellationToken cancellation)
    {
        await foreach (var answer in _answers.Reader.ReadAllAsync(cancellation))
        {
            await responses.WriteAsync(answer, cancellation);
        }
    }

    private static EvaluateFailure Failure(EvaluateRequest request, RpcException e) =>
        new() { RequestId = request.RequestId, Code = (int)e.StatusCode, Message = e.Status.Detail, Reason = RpcErrors.ReasonOf(e) };
}
