using System.Threading.Channels;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Channel = System.Threading.Channels.Channel;

namespace Border0.PdSidecar.Client.Tests;

/// <summary>One WatchSessions call, as the server sees it. Its tokens are "t" and the revision.</summary>
internal sealed class Subscription(WatchSessionsRequest request)
{
    private readonly Channel<WatchSessionsResponse> _messages = Channel.CreateUnbounded<WatchSessionsResponse>();
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WatchSessionsRequest Request => request;

    public IEnumerable<string> ListedKeys => request.ActiveSessions.Select(s => s.SessionKey);

    /// <summary>Completes when the client has gone away.</summary>
    public Task Gone => _gone.Task;

    public Subscription Beat(long revision) => Send(revision, m => m.Heartbeat = new Heartbeat { Time = new Timestamp(), Revision = revision });

    public Subscription Revoke(long revision, string key) => Send(revision, m => m.SessionRevoked = new SessionRevoked
    {
        SessionKey = key,
        Cause = RevocationCause.IncidentResolved,
        ReasonAdmin = $"admin: {key} at {revision}",
        ReasonUser = $"user: {key} at {revision}",
    });

    public Subscription Expire(long revision, string key) => Send(revision, m => m.SessionExpiring = new SessionExpiring { SessionKey = key });

    public Subscription Change(long revision, string key) =>
        Send(revision, m => m.SessionActionsChanged = new SessionActionsChanged { SessionKey = key });

    public void Resync(string reason) => Send(0, m => m.ResyncRequired = new ResyncRequired { Reason = reason }).End();

    /// <summary>Ends the stream with OK.</summary>
    public void End() => _messages.Writer.TryComplete();

    /// <summary>Ends the stream with an error.</summary>
    public void Fail(StatusCode code) => _messages.Writer.TryComplete(new RpcException(new Status(code, "as the test says")));

    public async Task ServeAsync(IServerStreamWriter<WatchSessionsResponse> stream, CancellationToken cancellation)
    {
        using var gone = cancellation.Register(_gone.SetResult);
        await foreach (var message in _messages.Reader.ReadAllAsync(cancellation))
        {
            await stream.WriteAsync(message, cancellation);
        }
    }

    private Subscription Send(long revision, Action<WatchSessionsResponse> fill)
    {
        var message = new WatchSessionsResponse { Revision = revision, ResumeToken = $"t{revision}" };
        fill(message);
        Assert.True(_messages.Writer.TryWrite(message));
        return this;
    }
}
