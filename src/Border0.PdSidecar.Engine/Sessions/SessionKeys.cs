namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>How the tables of sessions compare keys.</summary>
internal static class SessionKeys
{
    /// <summary>By organization and key. Keys are random by nature, and hashed with the process' own seed: the organization need not be hashed too.</summary>
    public static IEqualityComparer<(string OrganizationId, string SessionKey)> Comparer { get; } = new ByKey();

    private sealed class ByKey : IEqualityComparer<(string OrganizationId, string SessionKey)>
    {
        public bool Equals((string OrganizationId, string SessionKey) x, (string OrganizationId, string SessionKey) y) =>
            x.SessionKey == y.SessionKey && x.OrganizationId == y.OrganizationId;

        public int GetHashCode((string OrganizationId, string SessionKey) key) => key.SessionKey.GetHashCode(StringComparison.Ordinal);
    }
}
