using System.Text;
using Border0.PdSidecar.Fuzz.Running;
using Border0.PdSidecar.PagerDuty.Webhooks;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>Bodies of webhooks that are signed as they must be: PagerDuty itself sends what nobody expected.</summary>
internal sealed class WebhookBodyTarget : FuzzTarget
{
    private readonly WebhookRoom _room = new();

    public override string Name => "webhook-body";

    public override string About => "webhooks' bodies, signed";

    public override int Longest => WebhookReceiver.MaxBodyBytes + 1024;

    public override IReadOnlyList<byte[]> Examples { get; } =
    [
        .. ((IReadOnlyList<string>)
        [
            """{"event":{"id":"E1","event_type":"incident.triggered","resource_type":"incident","occurred_at":"2026-11-23T12:00:00.123Z","agent":{"id":"PU1","type":"user_reference"},"client":null,"data":{"id":"PINC9","type":"incident","number":7,"status":"triggered","title":"Disk full","service":{"id":"PSVC","type":"service_reference"},"assignees":[{"id":"PU1","type":"user_reference"}],"teams":[],"urgency":"high"}}}""",
            """{"event":{"id":"E2","event_type":"incident.acknowledged","occurred_at":"2026-11-23T12:00:01Z","agent":{"id":"PU1","type":"user_reference"},"data":{"id":"PINC1","type":"incident","status":"acknowledged","service":{"id":"PSVC"},"assignees":[]}}}""",
            """{"event":{"id":"E3","event_type":"incident.resolved","occurred_at":"2026-11-23T12:00:02Z","data":{"id":"PINC1","type":"incident","status":"resolved","service":{"id":"PSVC"}}}}""",
            """{"event":{"id":"E4","event_type":"service.updated","occurred_at":"2026-11-23T12:00:03Z","data":{"id":"PSVC","type":"service"}}}""",
            """{"event":{"id":"E5","event_type":"pagey.ping","occurred_at":"2026-11-23T12:00:04Z","data":{"message":"hello","type":"ping"}}}""",
            """{"event":{"id":"E6","event_type":"incident.annotated","occurred_at":null,"data":{"id":"N1","type":"incident_note","content":"\ud83d\ude00","incident":{"id":"PINC1"}}}}""",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. ((IReadOnlyList<string>)
        [
            "\"event\":", "\"event_type\":", "\"incident.reopened\"", "\"incident.service_updated\"", "\"occurred_at\":", "\"status\":", "\"service\":", "\"assignees\":",
            "\"number\":", "\"title\":", "\"PSVC\"", "\"PINC1\"", "\"data\":", "\"agent\":", "\"2026-11-23T12:00-07\"", "\"user_reference\"",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    public override void Run(byte[] input)
    {
        var outcome = _room.Deliver(WebhookRoom.Sign(input), input);
        var expected = input.Length > WebhookReceiver.MaxBodyBytes ? outcome == WebhookOutcome.TooLarge
            : input.Length == 0 ? outcome == WebhookOutcome.BadBody
            : outcome is WebhookOutcome.Accepted or WebhookOutcome.AcceptedDuplicate or WebhookOutcome.BadBody;
        FuzzFinding.Unless(expected, $"a signed body gives {outcome}");
        FuzzFinding.Unless(
            input.Length == 0 || _room.Deliver(WebhookRoom.Sign(input)[..^1] + "g", input) is WebhookOutcome.BadHeader or WebhookOutcome.TooLarge, "a body without a signature is taken");
    }

    protected override ValueTask EndAsync() => _room.DisposeAsync();
}
