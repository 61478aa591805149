using System.Text.Json;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.DecisionLog;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Decision = Border0.PdSidecar.V1.Decision;

namespace Border0.PdSidecar.Tests.DecisionLog;

/// <summary>A decision log on a clock that tests move.</summary>
internal sealed class Recorded : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 5, 9, 42, TimeSpan.Zero);

    public Recorded(
        DecisionLogWhenFull whenFull = DecisionLogWhenFull.Block,
        DecisionLogFilter filter = DecisionLogFilter.All,
        int capacity = 8,
        int mostAside = 4,
        params IRecordSink[] sinks) =>
        Log = new DecisionRecorder(sinks, filter, whenFull, "acme", Time, NullLogger<DecisionRecorder>.Instance, capacity, mostAside);

    public FakeTimeProvider Time { get; } = new(Start);

    public DecisionRecorder Log { get; }

    /// <summary>Lets pass what the log waits for more; what is due is written when this returns.</summary>
    public void Pass() => Time.Advance(DecisionRecorder.Delay);

    public Task<EvaluationAnswer> DecideAsync(string requestId, Decision decision = Decision.Deny, CancellationToken cancellation = default) => Log.RecordAsync(
        new EvaluateRequest { RequestId = requestId, SocketId = "bastion", SocketType = "ssh", UserEmail = "alice@example.com" },
        EvaluationAnswer.Of(new EvaluateResponse { RequestId = requestId, Decision = decision }),
        PolicySnapshot.Empty,
        new EvaluateCall(null, new Caller("loopback", "a test", Roles.Connector), cancellation)).AsTask();

    public void Revoke(string sessionKey) => Log.Revoked(
        new AccessRequest { OrganizationId = "acme", SocketId = "bastion", SocketType = "ssh", UserEmail = "alice@example.com", ServiceAccount = "", ClientCountry = "" },
        "c1",
        new SessionRevoked { SessionKey = sessionKey, Cause = RevocationCause.Administrator },
        1);

    public ValueTask DisposeAsync() => Log.DisposeAsync();

    /// <summary>What each line is about: its request, its session, or how many are missing.</summary>
    public static string[] Told(IEnumerable<JsonElement> records) =>
    [
        .. records.Select(r => r.GetProperty("kind").GetString() switch
        {
            "decision" => r.GetProperty("request_id").GetString()!,
            "revocation" => r.GetProperty("session_key").GetString()!,
            "gap" => $"gap {r.GetProperty("missing").GetInt64()}",
            var other => other!,
        }),
    ];

    public static JsonElement[] Parse(string text)
    {
        Assert.True(text.Length == 0 || text[^1] == '\n', "the last line has no end");
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
    }
}
