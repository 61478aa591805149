using Border0.PdSidecar.Fuzz.Running;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>A target that can be made.</summary>
/// <param name="Name">What --target calls it.</param>
/// <param name="Share">How many of about a thousand inputs are its own when all targets are run: what is quick gets most.</param>
/// <param name="Make">Makes it.</param>
internal sealed record KnownTarget(string Name, int Share, Func<FuzzTarget> Make);

/// <summary>Every target.</summary>
internal static class AllTargets
{
    public static IReadOnlyList<KnownTarget> All { get; } =
    [
        new("webhook-body", 100, () => new WebhookBodyTarget()),
        new("webhook-signature", 180, () => new WebhookSignatureTarget()),
        new("policy-json", 160, () => new PolicyDocumentTarget()),
        new("pagerduty-answers", 120, () => new PagerDutyAnswersTarget()),
        new("resume-token", 200, () => new TokensTarget()),
        new("wire", 70, () => new WireTarget()),
        new("configuration", 80, () => new ConfigurationTarget()),
        new("token-file", 40, () => new TokenFileTarget()),
        new("secrets", 40, () => new SecretsTarget()),
        new("facts-at-rest", 60, () => new FactsAtRestTarget()),
        new("database", 10, () => new DatabaseTarget()),
        new("grpc", 25, () => new GrpcTarget()),
        new("webhook-http", 6, () => new WebhookHttpTarget()),
    ];

    /// <summary>The target of a name.</summary>
    public static KnownTarget Of(string name) => All.First(t => t.Name == name);
}
