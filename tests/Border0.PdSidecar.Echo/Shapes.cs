using Border0.PdSidecar.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Echo;

/// <summary>What is answered: messages of the sidecar's own, handed over before a measurement, or ones much like them.</summary>
internal sealed class Shapes
{
    /// <summary>What every Evaluate is answered with, but for its request_id.</summary>
    public EvaluateResponse Answer { get; private set; } = new()
    {
        Decision = Decision.Allow,
        AllowedActions = { ["ssh"] = new ActionList { Values = { "*" } } },
        Reasons =
        {
            new Reason
            {
                Code = ReasonCode.Granted,
                PolicyName = "payments-ssh",
                Message = "Policy payments-ssh grants access. alice@example.com is on call for escalation policy Payments (PB16Z20) until 2026-11-24 01:03:20Z.",
                FactsAge = new Duration { Seconds = 3 },
            },
        },
        ValidUntil = new Timestamp { Seconds = 1_795_482_200 },
        FactsTime = new Timestamp { Seconds = 1_795_438_997 },
        SessionKey = "s1",
    };

    /// <summary>What a burst consists of.</summary>
    public WatchSessionsResponse Event { get; private set; } = new()
    {
        ResumeToken = "AT-wMSl3zOhLiJyT2ddPErpZO1heAAAAAAAAAAGI8ACE",
        SessionRevoked = new SessionRevoked
        {
            SessionKey = "s1",
            SocketId = "bastion",
            UserEmail = "alice@example.com",
            Cause = RevocationCause.IncidentResolved,
            PolicyName = "payments-ssh",
            Condition = "integrations[0].require_incident",
            ReasonAdmin = "Service Payments (P6NLK30) has no triggered or acknowledged incident. Facts are 0 s old.",
            ReasonUser = "The incident that this access was for is resolved.",
            EventTime = new Timestamp { Seconds = 1_795_438_997 },
            DecisionTime = new Timestamp { Seconds = 1_795_438_997 },
            InitiatingEntity = InitiatingEntity.Policy,
        },
        Revision = 1,
    };

    /// <summary>POST /shape/answer or /shape/event with the message's bytes.</summary>
    public async Task TakeAsync(string message, HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var bytes = ByteString.CopyFrom(body.GetBuffer().AsSpan(0, (int)body.Length));
        switch (message)
        {
            case "answer":
                Answer = EvaluateResponse.Parser.ParseFrom(bytes);
                break;
            case "event":
                Event = WatchSessionsResponse.Parser.ParseFrom(bytes);
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }
}
