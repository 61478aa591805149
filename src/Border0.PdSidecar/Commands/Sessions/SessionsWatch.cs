using System.Globalization;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Border0.PdSidecar.Commands.Sessions;

/// <summary>A connector's events on a terminal: subscribes, and subscribes again where it was after every break.</summary>
internal sealed class SessionsWatch(RemoteCall call, string connector, bool showsHeartbeats, int? most)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private string _token = "";
    private TimeSpan _pause = ShortestPause;
    private int _shown;
    private bool _wasSubscribed;

    private bool IsDone => _shown >= most;

    /// <summary>Runs until Ctrl-C, or until so many events as are wanted have been shown.</summary>
    /// <param name="token">The resume_token to begin after, or empty.</param>
    public async Task RunAsync(string token)
    {
        _token = token;
        try
        {
            while (!IsDone)
            {
                try
                {
                    await SubscribeAsync();
                }
                catch (RpcException e) when (_wasSubscribed && !call.Cancellation.IsCancellationRequested && IsPassing(e.StatusCode))
                {
                    call.Terminal.Complain($"{string.Join("; ", CallFailures.Lines(e, call.Connection.Address))}; trying again");
                    await Task.Delay(_pause, call.Terminal.Time, call.Cancellation);
                    _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
                }
            }
        }
        catch (Exception e) when (call.Cancellation.IsCancellationRequested && e is OperationCanceledException or RpcException)
        {
            // Ctrl-C: that is how a watch ends.
        }
    }

    private static bool IsPassing(StatusCode status) =>
        status is StatusCode.Unavailable or StatusCode.ResourceExhausted or StatusCode.DeadlineExceeded or StatusCode.Internal or StatusCode.Cancelled or StatusCode.Unknown;

    private async Task SubscribeAsync()
    {
        // Bounds the first message, which comes at once; the stream has no end of its own.
        using var first = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation);
        first.CancelAfter(call.Timeout);
        var request = new WatchSessionsRequest { OrganizationId = call.Organization, ConnectorId = connector, ResumeToken = _token };
        using var stream = call.Evaluation.WatchSessions(request, cancellationToken: first.Token);
        try
        {
            while (!IsDone && await stream.ResponseStream.MoveNext(first.Token))
            {
                first.CancelAfter(Timeout.InfiniteTimeSpan);
                _pause = ShortestPause;
                Show(stream.ResponseStream.Current);
            }
        }
        catch (RpcException e) when (first.IsCancellationRequested && !call.Cancellation.IsCancellationRequested && e.StatusCode == StatusCode.Cancelled)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, "no answer"));
        }
    }

    private void Show(WatchSessionsResponse message)
    {
        _token = message.ResumeToken;
        if (!_wasSubscribed)
        {
            _wasSubscribed = true;
            call.Terminal.Error.WriteLine(TerminalText.Shown($"watching{(connector.Length > 0 ? $" connector {connector}" : "")}; Ctrl-C ends it"));
        }

        if (message.EventCase == WatchSessionsResponse.EventOneofCase.ResyncRequired)
        {
            call.Terminal.Complain($"events were missed: {message.ResyncRequired.Reason}");
            _token = "";
        }

        var isHeartbeat = message.EventCase == WatchSessionsResponse.EventOneofCase.Heartbeat;
        if (isHeartbeat && !showsHeartbeats)
        {
            return;
        }

        _shown += isHeartbeat ? 0 : 1;
        call.Terminal.Out.WriteLine(call.IsJson ? ContractJson.Line(message) : Line(message));
        call.Terminal.Out.Flush();
    }

    private string Line(WatchSessionsResponse message) => message.EventCase switch
    {
        WatchSessionsResponse.EventOneofCase.SessionRevoked => Line(
            message.SessionRevoked.DecisionTime, "revoked", Tone.Bad, message.SessionRevoked.SessionKey, message.SessionRevoked.UserEmail + message.SessionRevoked.ServiceAccount, message.SessionRevoked.SocketId,
            $"{Said.Word(message.SessionRevoked.Cause)}: {message.SessionRevoked.ReasonAdmin}"),
        WatchSessionsResponse.EventOneofCase.SessionExpiring => Line(
            null, "expiring", Tone.Notable, message.SessionExpiring.SessionKey, message.SessionExpiring.UserEmail + message.SessionExpiring.ServiceAccount, message.SessionExpiring.SocketId,
            $"ends {Said.At(message.SessionExpiring.ExpireTime)}: {message.SessionExpiring.ReasonAdmin}"),
        WatchSessionsResponse.EventOneofCase.SessionActionsChanged => Line(
            message.SessionActionsChanged.DecisionTime, "changed", Tone.Notable, message.SessionActionsChanged.SessionKey,
            message.SessionActionsChanged.UserEmail + message.SessionActionsChanged.ServiceAccount, message.SessionActionsChanged.SocketId,
            $"now {Said.Grants(message.SessionActionsChanged.AllowedActions, message.SessionActionsChanged.Permissions.Keys)}: {message.SessionActionsChanged.ReasonAdmin}"),
        WatchSessionsResponse.EventOneofCase.Heartbeat => call.Terminal.Painted(
            string.Create(CultureInfo.InvariantCulture, $"{Stamp(message.Heartbeat.Time)}  alive     complete up to revision {message.Heartbeat.Revision}"), Tone.Quiet),
        WatchSessionsResponse.EventOneofCase.ResyncRequired => $"{Stamp(null)}  resync    {TerminalText.Shown(message.ResyncRequired.Reason)}",
        _ => $"{Stamp(null)}  {message.EventCase}",
    };

    private string Line(Timestamp? at, string what, Tone tone, string session, string who, string socket, string why) =>
        $"{Stamp(at)}  {call.Terminal.Painted(what, tone)}{new string(' ', Math.Max(0, 10 - what.Length))}{TerminalText.Shown($"{session}  {who}  {socket}  {why}")}";

    private string Stamp(Timestamp? at) =>
        (at?.ToDateTimeOffset() ?? call.Now).UtcDateTime.ToString("HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
