using System.Collections.Concurrent;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Proofs.Tests;

/// <summary>A connector's watch that resumes by itself and keeps what it was told.</summary>
internal sealed class RevocationInbox : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<SessionRevoked> _revoked = new();
    private readonly Task _reading;

    public RevocationInbox(EvaluationService.EvaluationServiceClient client, string connector) => _reading = ReadAsync(client, connector);

    /// <summary>How often the watch was taken up again.</summary>
    public int Resumed { get; private set; }

    /// <summary>The revocations that nobody has taken yet.</summary>
    public IEnumerable<SessionRevoked> Take()
    {
        while (_revoked.TryDequeue(out var revoked))
        {
            yield return revoked;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _stop.Dispose();
    }

    private async Task ReadAsync(EvaluationService.EvaluationServiceClient client, string connector)
    {
        var token = "";
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var call = client.WatchSessions(
                    new WatchSessionsRequest { ConnectorId = connector, ResumeToken = token }, cancellationToken: _stop.Token);
                await foreach (var message in call.ResponseStream.ReadAllAsync(_stop.Token))
                {
                    token = message.ResumeToken;
                    if (message.SessionRevoked is { } revoked)
                    {
                        _revoked.Enqueue(revoked);
                    }
                }
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.ResourceExhausted or StatusCode.Cancelled or StatusCode.Unavailable)
            {
                Resumed++;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
        }
    }
}
