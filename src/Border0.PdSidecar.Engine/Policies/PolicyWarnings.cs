using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>What is accepted of a policy but is probably not what was meant.</summary>
public static class PolicyWarnings
{
    /// <summary>The warnings of a valid policy.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="integrationExists">Whether its organization has an integration of that name.</param>
    /// <param name="now">The instant of now.</param>
    public static IEnumerable<PolicyWarning> Of(Policy policy, Func<string, bool> integrationExists, DateTimeOffset now)
    {
        for (var i = 0; i < policy.Integrations.Count; i++)
        {
            var condition = policy.Integrations[i];
            if (condition.PagerdutyOncall is { RequireBeOncall: false, RequireIncident: false } noOp)
            {
                yield return Warning(
                    $"integrations[{i}].pagerduty_oncall",
                    "NO_OP_CONDITION",
                    $"The condition on service {Wording.Cut(noOp.ServiceId)} requires neither on-call duty nor an incident, so it restricts nothing.");
            }

            if (!integrationExists(condition.IntegrationName))
            {
                yield return Warning(
                    $"integrations[{i}].integration_name",
                    "INTEGRATION_NOT_FOUND",
                    $"Integration {condition.IntegrationName} does not exist: the policy grants nothing until it does.");
            }
        }

        if (!new CompiledGrants(policy).Any)
        {
            yield return Warning("actions", "GRANTS_NOTHING", "The policy grants neither actions nor permissions.");
        }

        if (!policy.OrgWide && policy.SocketIds.Count == 0 && policy.TagRules.Count == 0)
        {
            yield return Warning("socket_ids", "REACHES_NOTHING", "The policy is attached to no socket, is not organization-wide and has no tag rules.");
        }

        var enforced = policy.Integrations.Any(i => i.Mode != ConditionMode.Shadow && i.PagerdutyOncall is { } p && (p.RequireBeOncall || p.RequireIncident));
        if (policy.Integrations.Count > 0 && policy.Integrations.All(i => i.Mode == ConditionMode.Shadow))
        {
            yield return Warning("integrations", "SHADOW_ONLY", "Every PagerDuty condition is only watched: none restricts anything.");
        }

        if (!enforced && CompiledWho.From(policy.Condition?.Who) is null && CompiledWhere.From(policy.Condition?.Where) is null)
        {
            yield return Warning("condition", "UNRESTRICTED", "Neither who nor where nor PagerDuty restricts the policy: it lets anybody in.");
        }

        if (policy.Condition?.When?.Before is { } before && before.ToDateTimeOffset() <= now)
        {
            yield return Warning("condition.when.before", "ALREADY_OVER", "The policy's time is over: it grants nothing any more.");
        }
    }

    /// <summary>PagerDuty could not be asked whether a service exists.</summary>
    public static PolicyWarning ServiceNotVerified(int condition, string serviceId, string why) => Warning(
        $"integrations[{condition}].pagerduty_oncall.service_id", "SERVICE_NOT_VERIFIED", $"Whether PagerDuty has a service {Wording.Cut(serviceId)} could not be checked: {why}");

    private static PolicyWarning Warning(string field, string code, string message) => new() { Field = field, Code = code, Message = message };
}
