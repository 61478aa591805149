namespace Border0.PdSidecar.Storage.Etcd.Configuration;

/// <summary>The keys of the configuration, behind the fleet's prefix. Names are in lower case in them: that makes them unique without case.</summary>
internal static class ConfigurationKeys
{
    /// <summary>What all of them begin with.</summary>
    public const string All = "config/";

    /// <summary>The format of everything below; "1".</summary>
    public const string Format = All + "format";

    /// <summary>There while a migration into this prefix has begun and not ended: nothing of it is to be used.</summary>
    public const string Migration = All + "migration";

    /// <summary>Written to learn whether etcd takes a write.</summary>
    public const string Probe = All + "probe";

    /// <summary>Something sealed, which tells a key file that is not the fleet's.</summary>
    public const string KeyCheck = All + "key-check";

    /// <summary>The id of the key that a rotation leads to, from its activation to its end.</summary>
    public const string Rotation = All + "rotation";

    public const string Integrations = All + "integrations/";

    public const string Policies = All + "policies/";

    public const string AllReferences = All + "references/";

    public const string Guards = All + "guards/";

    public static string Guard(string organization) => Guards + Escaped(organization);

    public static string Integration(string organization, string name) => $"{Integrations}{Escaped(organization)}/{Lower(name)}";

    public static string Policy(string organization, string name) => $"{Policies}{Escaped(organization)}/{Lower(name)}";

    /// <summary>The policies that refer to an integration: below it stands one key for each, whose value is the policy's name as it was given.</summary>
    public static string References(string organization, string integration) => $"{AllReferences}{Escaped(organization)}/{Lower(integration)}/";

    /// <summary>Whose key it is; null for other keys.</summary>
    public static StoredName? NameOf(string key) => key.Split('/') is ["config", "integrations" or "policies", var organization, var name]
        ? new StoredName(key.StartsWith(Policies, StringComparison.Ordinal), Uri.UnescapeDataString(organization), name)
        : null;

    public static string Lower(string name) => name.ToLowerInvariant();

    private static string Escaped(string organization) => Uri.EscapeDataString(organization);
}
