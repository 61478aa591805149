using Border0.PdSidecar.Storage.Etcd.Connection.Protocol;
using Grpc.Core;

namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>What a key was changed to.</summary>
/// <param name="Record">The record; of a deleted one only its key and the revision of the deletion.</param>
/// <param name="IsDeleted">Whether the key is gone.</param>
public sealed record EtcdChange(EtcdRecord Record, bool IsDeleted);

/// <summary>Changes in the order of their revisions: all of every revision that it touches.</summary>
/// <param name="Revision">The watch is complete up to this one.</param>
/// <param name="Changes">The changes; none for a sign that nothing has changed up to the revision.</param>
public sealed record EtcdChanges(long Revision, IReadOnlyList<EtcdChange> Changes);

/// <summary>One stream of changes from one member. It ends with the member, or with the member's contact to the others. For one reader.</summary>
public sealed class EtcdWatch : IAsyncDisposable
{
    private readonly AsyncDuplexStreamingCall<WatchRequest, WatchResponse> _call;
    private readonly EtcdKeys _keys;
    private readonly Action _failed;

    private EtcdWatch(AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call, EtcdKeys keys, Action failed, ResponseHeader began) =>
        (_call, _keys, _failed, Revision, ClusterId) = (call, keys, failed, began.Revision, began.ClusterId);

    /// <summary>The member's revision when the watch began, which may be behind the cluster's.</summary>
    public long Revision { get; }

    /// <summary>Which cluster it is: one that was made anew from a backup is another one.</summary>
    public ulong ClusterId { get; }

    /// <summary>The next changes, or the sign that there are none.</summary>
    /// <exception cref="EtcdUnavailableException">The stream has ended.</exception>
    /// <exception cref="EtcdCompactedException">Some of what was to come is gone: list again.</exception>
    /// <exception cref="EtcdRefusedException">The user may not watch this any more.</exception>
    public async Task<EtcdChanges> NextAsync(CancellationToken cancellation)
    {
        List<EtcdChange> changes = [];
        while (true)
        {
            var response = await ReceiveAsync(_call, _failed, cancellation);
            changes.AddRange(response.Events.Select(e => new EtcdChange(_keys.Record(e.Kv), e.Type == Event.Types.EventType.Delete)));

            // A revision that is larger than a message comes in parts.
            if (!response.Fragment)
            {
                return new EtcdChanges(changes.Count > 0 ? changes[^1].Record.ModRevision : response.Header.Revision, changes);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _call.Dispose();
        return ValueTask.CompletedTask;
    }

    internal static async Task<EtcdWatch> OpenAsync(
        AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call, WatchCreateRequest request, EtcdKeys keys, Action failed, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = request }, either.Token);
            var created = await ReadAsync(call, either.Token);
            return new EtcdWatch(call, keys, failed, created.Header);
        }
        catch (Exception e)
        {
            call.Dispose();
            cancellation.ThrowIfCancellationRequested();
            throw e is OperationCanceledException or ObjectDisposedException or InvalidOperationException
                ? new RpcException(new Status(StatusCode.DeadlineExceeded, "no answer in time", e))
                : e;
        }
    }

    private static async Task<WatchResponse> ReceiveAsync(AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call, Action failed, CancellationToken cancellation)
    {
        try
        {
            return await ReadAsync(call, cancellation);
        }
        catch (RpcException e)
        {
            cancellation.ThrowIfCancellationRequested();
            if (EtcdFailures.Of(e) == EtcdFailure.Refused)
            {
                throw new EtcdRefusedException($"etcd refuses the watch: {e.Status.Detail}", e);
            }

            failed();
            throw new EtcdUnavailableException($"etcd ended the watch: {EtcdFailures.Why(e)}", e);
        }
    }

    private static async Task<WatchResponse> ReadAsync(AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call, CancellationToken cancellation)
    {
        if (!await call.ResponseStream.MoveNext(cancellation))
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the member ended it"));
        }

        var response = call.ResponseStream.Current;
        return response switch
        {
            { CompactRevision: > 0 } => throw new EtcdCompactedException(response.CompactRevision),

            // A watch is told so too when its token is not known any more.
            { Canceled: true } when response.CancelReason.Contains("denied", StringComparison.Ordinal) => throw new RpcException(new Status(StatusCode.Unauthenticated, response.CancelReason)),
            { Canceled: true } => throw new RpcException(new Status(StatusCode.Unavailable, response.CancelReason)),
            _ => response,
        };
    }
}
