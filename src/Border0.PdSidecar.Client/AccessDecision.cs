using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Client;

/// <summary>The answer to "may this connection exist?", which is yes only when the sidecar said so.</summary>
public sealed record AccessDecision
{
    private AccessDecision()
    {
    }

    /// <summary>What to do.</summary>
    public required AccessVerdict Verdict { get; init; }

    /// <summary>Let it in. False for a deny and for no decision alike.</summary>
    public bool IsAllowed => Verdict == AccessVerdict.Allow;

    /// <summary>Why, for a person: the sidecar's own sentences, or why there is no decision.</summary>
    public required string Explanation { get; init; }

    /// <summary>The sidecar's answer; null when there is no decision.</summary>
    public EvaluateResponse? Response { get; init; }

    /// <summary>Until when an allow is known to hold; null when no end is known.</summary>
    public DateTimeOffset? ValidUntil => Response?.ValidUntil?.ToDateTimeOffset();

    /// <summary>Of an answer: anything but an understood allow or deny is no decision.</summary>
    internal static AccessDecision Of(EvaluateResponse response) => response.Decision switch
    {
        Decision.Allow => new AccessDecision { Verdict = AccessVerdict.Allow, Explanation = Sentences(response), Response = response },
        Decision.Deny => new AccessDecision { Verdict = AccessVerdict.Deny, Explanation = Sentences(response), Response = response },
        var unknown => Unavailable($"The sidecar answered with a decision that is not known here ({(int)unknown})."),
    };

    /// <summary>The session was revoked before its allow could be acted upon.</summary>
    internal static AccessDecision Revoked(EvaluateResponse response, string reason) =>
        new() { Verdict = AccessVerdict.Deny, Explanation = reason, Response = response };

    internal static AccessDecision Unavailable(string why) => new() { Verdict = AccessVerdict.Unavailable, Explanation = why };

    private static string Sentences(EvaluateResponse response) =>
        string.Join(' ', response.Reasons.Select(r => r.Message).Where(m => m.Length > 0));
}
