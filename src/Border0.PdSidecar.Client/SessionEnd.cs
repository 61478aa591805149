using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Client;

/// <summary>Why a connector has to end a session.</summary>
public enum SessionEndCause
{
    /// <summary>The sidecar revoked it.</summary>
    Revoked = 1,

    /// <summary>Evaluated again, it was denied.</summary>
    DeniedAgain = 2,

    /// <summary>The sidecar has not been heard of for the silence bound, so that a revocation could not arrive.</summary>
    SidecarSilent = 3,

    /// <summary>The known end of what allowed it passed while the watch was down, so that nothing else could be learned.</summary>
    ValidityPassed = 4,
}

/// <summary>A session has to end now.</summary>
public sealed record SessionEnd
{
    /// <summary>The session's key.</summary>
    public required string SessionKey { get; init; }

    /// <summary>What the session was opened with.</summary>
    public required EvaluateRequest Request { get; init; }

    /// <summary>Why, for programs.</summary>
    public required SessionEndCause Cause { get; init; }

    /// <summary>Why, for the user.</summary>
    public required string ReasonForUser { get; init; }

    /// <summary>Why, for the administrator and the log.</summary>
    public required string ReasonForAdministrator { get; init; }

    /// <summary>The sidecar's event; null when the sidecar did not send one.</summary>
    public SessionRevoked? Revocation { get; init; }
}
