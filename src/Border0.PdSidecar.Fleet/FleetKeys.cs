using System.Security.Cryptography;
using System.Text;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Feeds;

namespace Border0.PdSidecar.Fleet;

/// <summary>What stands where in etcd, below the fleet's prefix. Every part is escaped: ids are opaque and organizations are the caller's.</summary>
internal static class FleetKeys
{
    public const string All = "fleet/";
    public const string Members = All + "members/";
    public const string Pollers = All + "pollers/";
    public const string Facts = All + "facts/";
    public const string Events = All + "events/";
    public const string Requests = All + "requests/";

    public static string Member(string id) => Members + id;

    /// <summary>Whoever made this key polls the integration; the revision that it was made at is the fencing token.</summary>
    public static string Poller(IntegrationKey integration) => Pollers + Of(integration);

    /// <summary>Everything that is published of an integration.</summary>
    public static string FactsOf(IntegrationKey integration) => $"{Facts}{Of(integration)}/";

    /// <summary>And of one account: facts of another address are none of this integration's any more.</summary>
    public static string FactsOf(IntegrationKey integration, string account) => $"{FactsOf(integration)}{account}/";

    public static string Service(IntegrationKey integration, string account, string id) => $"{FactsOf(integration, account)}service/{Escape(id)}";

    public static string Policy(IntegrationKey integration, string account, string id) => $"{FactsOf(integration, account)}policy/{Escape(id)}";

    public static string Confirmed(IntegrationKey integration, string account, RefreshKind kind) => $"{FactsOf(integration, account)}confirmed/{kind}";

    /// <summary>Tells the accounts apart that an integration may be connected to, one after the other.</summary>
    public static string AccountOf(Uri baseUrl) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(baseUrl.AbsoluteUri)).AsSpan(0, 6));

    public static string Event(IntegrationKey integration, string id) => $"{Events}{Of(integration)}/{Escape(id)}";

    public static string Request(IntegrationKey integration, string id) => $"{Requests}{Of(integration)}/{id}";

    /// <summary>
    /// Written along with every fact, and compared: a transaction that was thought lost, and is done late, must not undo a later one.
    /// Not among what is watched, as it says nothing to anybody else.
    /// </summary>
    public static string Written(IntegrationKey integration) => "fleet-written/" + Of(integration);

    /// <summary>Reads what stands behind one of the prefixes above: the integration, and the parts behind it.</summary>
    public static bool TryRead(string key, string prefix, out IntegrationKey integration, out string[] rest)
    {
        (integration, rest) = (default, []);
        if (!key.StartsWith(prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var parts = key[prefix.Length..].Split('/');
        if (parts.Length < 2 || parts[0].Length == 0 || parts[1].Length == 0)
        {
            return false;
        }

        (integration, rest) = (new IntegrationKey(Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts[1])), [.. parts[2..].Select(Uri.UnescapeDataString)]);
        return true;
    }

    private static string Of(IntegrationKey integration) => $"{Escape(integration.OrganizationId)}/{Escape(integration.Name)}";

    private static string Escape(string part) => Uri.EscapeDataString(part);
}
