using Border0.PdSidecar.Access;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>
/// What waits to be written: references to what is to be told, and when it happened. Nobody may change what it refers to any more.
/// </summary>
internal readonly struct LogEntry
{
    private LogEntry(long ticks, object? subject) => (Ticks, Subject) = (ticks, subject);

    /// <summary>When it happened, in UTC ticks.</summary>
    public long Ticks { get; }

    /// <summary>
    /// An <see cref="EvaluateRequest"/>, a <see cref="RevocationEntry"/> or a <see cref="ConfigurationChange"/>; null where the line is made already.
    /// </summary>
    public object? Subject { get; }

    /// <summary>Of a decision: the answer.</summary>
    public EvaluationAnswer? Answer { get; private init; }

    /// <summary>Of a decision: the policies that it was made by.</summary>
    public PolicySnapshot? Policies { get; private init; }

    /// <summary>Of a decision: the caller's traceparent header, as it came.</summary>
    public string? TraceParent { get; private init; }

    /// <summary>Of a decision: who asked, where that is known.</summary>
    public Caller? Caller { get; private init; }

    /// <summary>A decision.</summary>
    public static LogEntry Decision(long ticks, EvaluateRequest request, EvaluationAnswer answer, PolicySnapshot policies, string? traceParent, Caller? caller) =>
        new(ticks, request) { Answer = answer, Policies = policies, TraceParent = traceParent, Caller = caller };

    /// <summary>What happened then, and is a line already.</summary>
    public static LogEntry Told(long ticks) => new(ticks, null);

    /// <summary>A revocation.</summary>
    public static LogEntry Revocation(long ticks, RevocationEntry revocation) => new(ticks, revocation);

    /// <summary>An administrative change.</summary>
    public static LogEntry Change(long ticks, ConfigurationChange change) => new(ticks, change);
}
