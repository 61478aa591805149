using System.Net;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>One connection to decide on, validated: what the policies are held against.</summary>
public readonly record struct AccessRequest
{
    /// <summary>The organization, never empty.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>The socket that the connection is for.</summary>
    public required string SocketId { get; init; }

    /// <summary>The socket's type, in lower case. Empty (policy tests only): any type.</summary>
    public required string SocketType { get; init; }

    /// <summary>The user's e-mail as given, or empty for a service account. Compared without case.</summary>
    public required string UserEmail { get; init; }

    /// <summary>The service account, or empty for a user. Compared without case.</summary>
    public required string ServiceAccount { get; init; }

    /// <summary>The groups of the user or service account; null for none.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>The client's address, IPv4-mapped ones already as IPv4; null when not known.</summary>
    public IPAddress? ClientAddress { get; init; }

    /// <summary>The client's country in upper case, or empty when not known.</summary>
    public required string ClientCountry { get; init; }

    /// <summary>The socket's tags; null for none.</summary>
    public IReadOnlyDictionary<string, string>? SocketTags { get; init; }
}
