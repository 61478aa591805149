using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Rest.Wire;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>A service as PagerDuty described it.</summary>
/// <param name="Facts">What decisions need.</param>
/// <param name="EscalationPolicyName">The name of its escalation policy, or empty.</param>
/// <param name="HtmlUrl">The service's page in PagerDuty, or empty.</param>
public sealed record ServiceAnswer(ServiceFacts Facts, string EscalationPolicyName, string HtmlUrl)
{
    /// <summary>Null when the row has no id: then it is not known whose it is.</summary>
    internal static ServiceAnswer? Of(WireService? service, DateTimeOffset asOf) =>
        service?.Id is not { Length: > 0 } id
            ? null
            : new ServiceAnswer(
                new ServiceFacts
                {
                    Id = id,
                    Exists = true,
                    Name = service.Name ?? service.Summary ?? id,
                    Status = service.Status ?? "",
                    EscalationPolicyId = service.EscalationPolicy?.Id is { Length: > 0 } policy ? policy : null,
                    AsOf = asOf,
                },
                service.EscalationPolicy?.Summary ?? "",
                service.HtmlUrl ?? "");
}
