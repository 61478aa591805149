using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Storage.Tests.Configuration;

/// <summary>Integrations and policies to store.</summary>
internal static class Samples
{
    public static StoredIntegration Integration(string name = "acme", string organization = "org", string key = "u+key-of-acme", string description = "") => new(
        new Integration
        {
            OrganizationId = organization,
            Name = name,
            Description = description,
            Type = IntegrationType.PagerdutyOncall,
            Region = Region.Eu,
            ApiKeyHint = key[^4..],
            WebhookSecretCount = 2,
            MaxStaleness = Duration.FromTimeSpan(TimeSpan.FromSeconds(60)),
            CreateTime = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddDays(20_000)),
            UpdateTime = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddDays(20_001)),
        },
        new IntegrationSecrets(key, ["first-of-" + name, "second-of-" + name]));

    public static Policy Policy(string name = "payments", string organization = "org", string description = "", params ReadOnlySpan<string> integrations)
    {
        var policy = new Policy
        {
            OrganizationId = organization,
            Name = name,
            Description = description,
            SocketIds = { "socket-1" },
            Actions = { ["ssh"] = new ActionList { Values = { "shell" } } },
            Condition = new Condition { Who = new WhoCondition { Domain = { "example.com" } } },
        };
        foreach (var integration in integrations)
        {
            policy.Integrations.Add(new IntegrationCondition
            {
                IntegrationName = integration,
                PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = "PSVC001", RequireBeOncall = true },
            });
        }

        return policy;
    }

    /// <summary>As it is when somebody has read it, changed it and writes it back.</summary>
    public static Policy With(this Policy policy, Action<Policy> change)
    {
        var changed = policy.Clone();
        change(changed);
        return changed;
    }

    /// <summary>As it is when somebody has read it, changed it and writes it back.</summary>
    public static StoredIntegration With(this StoredIntegration stored, Action<Integration> change)
    {
        var changed = stored.Integration.Clone();
        change(changed);
        return stored with { Integration = changed };
    }
}
