namespace Border0.PdSidecar.Storage.Tokens;

/// <summary>What is known of an access token. Its text is not.</summary>
public sealed record TokenRecord
{
    /// <summary>Names it in lists and logs: 10 hexadecimal digits that have nothing to do with its text.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it; two that are accepted do not have the same.</summary>
    public required string Name { get; init; }

    /// <summary>Its roles, separated by spaces: "admin", "connector", "viewer".</summary>
    public required string Roles { get; init; }

    /// <summary>The only connector id that it may use; null for any.</summary>
    public string? ConnectorId { get; init; }

    /// <summary><see cref="TokenText.Hash"/> of its text, in base 64.</summary>
    public required string Hash { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Who made it: a user of this machine.</summary>
    public string CreatedBy { get; init; } = "";

    /// <summary>When it ends by itself; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>When it was revoked; null while it is not.</summary>
    public DateTimeOffset? Revoked { get; init; }

    /// <summary>Who revoked it: a user of this machine.</summary>
    public string RevokedBy { get; init; } = "";

    /// <summary>Whether it is accepted at an instant.</summary>
    public bool IsAcceptedAt(DateTimeOffset now) => Revoked is null && !(Expires <= now);
}
