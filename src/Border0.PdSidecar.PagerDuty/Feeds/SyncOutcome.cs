using Border0.PdSidecar.PagerDuty.Rest;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>What a refresh on demand brought.</summary>
/// <param name="Outcome">The worst outcome of its parts; <see cref="PagerDutyOutcome.NotFound"/> when there is no such feed.</param>
/// <param name="Message">One sentence on what went wrong, without secrets; empty when nothing did.</param>
/// <param name="Services">Services whose facts were refreshed.</param>
/// <param name="EscalationPolicies">Escalation policies whose on-call shifts were refreshed.</param>
/// <param name="OpenIncidents">Open incidents of those services.</param>
/// <param name="Duration">How long it took.</param>
public sealed record SyncOutcome(
    PagerDutyOutcome Outcome,
    string Message,
    int Services,
    int EscalationPolicies,
    int OpenIncidents,
    TimeSpan Duration);
