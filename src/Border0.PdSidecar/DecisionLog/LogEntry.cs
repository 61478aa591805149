using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>
/// What waits to be written: references to what is to be told, and when it happened. Nobody may change what it refers to any more.
/// </summary>
internal readonly struct LogEntry
{
    /// <summary>A request with more groups and tags than this is kept without them, so that a full queue stays small.</summary>
    private const int MostKept = 64;

    private LogEntry(long ticks, object subject) => (Ticks, Subject) = (ticks, subject);

    /// <summary>When it happened, in UTC ticks.</summary>
    public long Ticks { get; }

    /// <summary>An <see cref="EvaluateRequest"/>, a <see cref="RevocationEntry"/> or a <see cref="ConfigurationChange"/>.</summary>
    public object Subject { get; }

    /// <summary>Of a decision: the answer.</summary>
    public EvaluateResponse? Response { get; private init; }

    /// <summary>Of a decision: the policies that it was made by.</summary>
    public PolicySnapshot? Policies { get; private init; }

    /// <summary>Of a decision: the caller's traceparent header, as it came.</summary>
    public string? TraceParent { get; private init; }

    /// <summary>Of a decision: how many groups the request named.</summary>
    public int Groups { get; private init; }

    /// <summary>A decision.</summary>
    public static LogEntry Decision(long ticks, EvaluateRequest request, EvaluateResponse response, PolicySnapshot policies, string? traceParent) =>
        new(ticks, request.Groups.Count + request.SocketTags.Count > MostKept ? Slim(request) : request)
        {
            Response = response,
            Policies = policies,
            TraceParent = traceParent,
            Groups = request.Groups.Count,
        };

    /// <summary>A revocation.</summary>
    public static LogEntry Revocation(long ticks, RevocationEntry revocation) => new(ticks, revocation);

    /// <summary>An administrative change.</summary>
    public static LogEntry Change(long ticks, ConfigurationChange change) => new(ticks, change);

    private static EvaluateRequest Slim(EvaluateRequest request) => new()
    {
        RequestId = request.RequestId,
        OrganizationId = request.OrganizationId,
        ConnectorId = request.ConnectorId,
        SocketId = request.SocketId,
        SocketType = request.SocketType,
        UserEmail = request.UserEmail,
        ServiceAccount = request.ServiceAccount,
        ClientIp = request.ClientIp,
        ClientCountry = request.ClientCountry,
        SessionKey = request.SessionKey,
    };
}
