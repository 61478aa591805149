using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Client.Watch;

/// <summary>What became of an allow.</summary>
/// <param name="Outcome">In one word.</param>
/// <param name="Revocation">What overtook it, when it was revoked meanwhile.</param>
internal readonly record struct Admission(AdmissionOutcome Outcome, SessionRevoked? Revocation = null)
{
    public static Admission Held => new(AdmissionOutcome.Held);

    public static Admission AskAgain => new(AdmissionOutcome.AskAgain);

    public static Admission NotWatched => new(AdmissionOutcome.NotWatched);

    public static Admission RevokedMeanwhile(SessionRevoked revocation) => new(AdmissionOutcome.RevokedMeanwhile, revocation);
}

/// <summary>What became of an allow, in one word.</summary>
internal enum AdmissionOutcome
{
    /// <summary>The session is held.</summary>
    Held,

    /// <summary>The watch began anew meanwhile.</summary>
    AskAgain,

    /// <summary>The sidecar fell silent meanwhile.</summary>
    NotWatched,

    /// <summary>It was revoked before its answer arrived.</summary>
    RevokedMeanwhile,
}
