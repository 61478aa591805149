using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.PagerDuty.Probe;

/// <summary>Sums up what was found out about a key.</summary>
internal static class KeyReport
{
    /// <summary>What an answer says of one thing that the sidecar reads.</summary>
    public static KeyCapability Capability(string name, bool required, PagerDutyOutcome outcome, string message) => new()
    {
        Name = name,
        Required = required,
        Ok = outcome == PagerDutyOutcome.Ok,
        Detail = message,
    };

    /// <summary>One sentence for the administrator.</summary>
    public static string Message(CheckIntegrationResponse report)
    {
        var missing = report.Capabilities.Where(c => c is { Required: true, Ok: false }).ToList();
        if (missing.Count > 0)
        {
            return $"The key cannot read {string.Join(", ", missing.Select(c => c.Name))}: {missing[0].Detail}";
        }

        return (report.KeyKind, report.WriteAccess) switch
        {
            (_, WriteAccess.ReadWrite) =>
                "The key works, but it can do more than read. Replace it by a read-only key.",
            (KeyKind.User, _) =>
                "The key works. It is a user's key: it sees what that user may see, and stops with the user. Prefer an account's read-only key.",
            _ => "The key works.",
        };
    }

    /// <summary>What a key that does not work asks for.</summary>
    public static string Failure(PagerDutyOutcome outcome, string message) => outcome switch
    {
        PagerDutyOutcome.Unauthorized =>
            "PagerDuty refuses the key (401). Check the key, and that the region is the account's.",
        PagerDutyOutcome.RateLimited => "PagerDuty's rate limit for this key is used up (429). Try again in a minute.",
        PagerDutyOutcome.Unavailable => message,
        _ => "What answers does not behave as PagerDuty: " + message,
    };
}
