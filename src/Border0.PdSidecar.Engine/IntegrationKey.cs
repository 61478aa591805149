namespace Border0.PdSidecar.Engine;

/// <summary>
/// Names an integration: its organization and its name in lower case, since names are compared without case.
/// </summary>
public readonly record struct IntegrationKey
{
    /// <summary>Names the integration <paramref name="name"/> of an organization.</summary>
    /// <param name="organizationId">The organization, never empty (the edge puts the default in).</param>
    /// <param name="name">The integration's name in any case.</param>
    public IntegrationKey(string organizationId, string name)
    {
        OrganizationId = organizationId;
        Name = name.ToLowerInvariant();
    }

    /// <summary>The organization.</summary>
    public string OrganizationId { get; }

    /// <summary>The name in lower case.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{OrganizationId}/{Name}";
}
