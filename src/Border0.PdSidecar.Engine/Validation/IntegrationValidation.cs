using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Enum = System.Enum;

namespace Border0.PdSidecar.Engine.Validation;

/// <summary>What an integration must be to be stored.</summary>
public static class IntegrationValidation
{
    private static readonly TimeSpan LeastStaleness = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostStaleness = TimeSpan.FromHours(24);
    private static readonly TimeSpan MostSessionStaleness = TimeSpan.FromDays(7);

    /// <summary>Checks an integration as it would be stored, its API key filled in.</summary>
    /// <param name="integration">The integration.</param>
    /// <param name="prefix">What stands before each field: "integration.".</param>
    /// <param name="isAllowedBaseUrl">Whether configuration allows an address in place of PagerDuty's.</param>
    /// <param name="found">Where violations go.</param>
    public static void Check(Integration integration, string prefix, Func<string, bool> isAllowedBaseUrl, FieldViolations found)
    {
        found.RequireName(prefix + "name", integration.Name);
        found.CheckOrganization(prefix + "organization_id", integration.OrganizationId);
        found.CheckText(prefix + "description", integration.Description, 1024, lines: true);
        found.CheckOrganization(prefix + "managed_by", integration.ManagedBy);
        if (!Enum.IsDefined(integration.Type))
        {
            found.Add(prefix + "type", "must be INTEGRATION_TYPE_PAGERDUTY_ONCALL");
        }

        CheckKey(prefix + "api_key", integration.ApiKey, found);
        CheckRegion(prefix + "region", integration.Region, found);
        CheckBaseUrl(prefix + "base_url", integration.BaseUrl, isAllowedBaseUrl, found);
        if (found.CheckCount(prefix + "webhook_secrets", integration.WebhookSecrets.Count, 8))
        {
            for (var i = 0; i < integration.WebhookSecrets.Count; i++)
            {
                found.RequireText($"{prefix}webhook_secrets[{i}]", integration.WebhookSecrets[i], 256);
            }
        }

        var staleness = CheckSpan(prefix + "max_staleness", integration.MaxStaleness, LeastStaleness, MostStaleness, found);
        var session = CheckSpan(prefix + "session_max_staleness", integration.SessionMaxStaleness, LeastStaleness, MostSessionStaleness, found);
        if (session < staleness)
        {
            found.Add(prefix + "session_max_staleness", "must be at least max_staleness");
        }
    }

    /// <summary>An API key: anything printable without white space, since PagerDuty's keys contain '_' and '+'.</summary>
    public static void CheckKey(string field, string key, FieldViolations found)
    {
        if (key.Length == 0)
        {
            found.Add(field, "is required: a read-only PagerDuty REST API key");
        }
        else if (key.Length > 256 || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            found.Add(field, "must have at most 256 printable ASCII characters without white space");
        }
    }

    /// <summary>A region.</summary>
    public static void CheckRegion(string field, Region region, FieldViolations found)
    {
        if (!Enum.IsDefined(region))
        {
            found.Add(field, "must be REGION_US or REGION_EU");
        }
    }

    /// <summary>An address in place of PagerDuty's.</summary>
    public static void CheckBaseUrl(string field, string baseUrl, Func<string, bool> isAllowed, FieldViolations found)
    {
        if (baseUrl.Length > 0 && !isAllowed(baseUrl))
        {
            found.Add(field, "is not allowed by the sidecar's configuration (pagerduty_base_url)");
        }
    }

    private static TimeSpan? CheckSpan(string field, Duration? duration, TimeSpan least, TimeSpan most, FieldViolations found)
    {
        if (duration is null)
        {
            return null;
        }

        if (Durations.TryRead(duration, out var span) && span >= least && span <= most)
        {
            return span;
        }

        found.Add(field, $"must be from {least.TotalSeconds:0} s to {most.TotalSeconds:0} s");
        return null;
    }
}
