namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>How a question to PagerDuty ended.</summary>
public enum PagerDutyOutcome
{
    /// <summary>PagerDuty answered, and the answer was understood.</summary>
    Ok,

    /// <summary>401: PagerDuty does not know the key (or the key belongs to the other region).</summary>
    Unauthorized,

    /// <summary>403: the key may not read this.</summary>
    Forbidden,

    /// <summary>404, or PagerDuty's error code 2100: there is no such thing.</summary>
    NotFound,

    /// <summary>429: the key's rate limit is used up.</summary>
    RateLimited,

    /// <summary>5xx, a time-out, a broken connection, or the circuit breaker is open.</summary>
    Unavailable,

    /// <summary>Something answered that cannot be understood: no JSON, a part is missing, too large, a redirect.</summary>
    Invalid,

    /// <summary>Another 4xx: PagerDuty refuses the question itself (400, 402 …).</summary>
    Rejected,
}
