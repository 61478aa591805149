namespace Border0.PdSidecar.PagerDuty.Webhooks;

/// <summary>What became of a webhook delivery. Only the accepted ones have any effect.</summary>
public enum WebhookOutcome
{
    /// <summary>Valid and new. Answer 202.</summary>
    Accepted,

    /// <summary>Valid and seen before. Answer 202.</summary>
    AcceptedDuplicate,

    /// <summary>No usable <c>X-PagerDuty-Signature</c>. Answer 400, which keeps PagerDuty from redelivering.</summary>
    BadHeader,

    /// <summary>No body, or the signed body is no webhook. Answer 400.</summary>
    BadBody,

    /// <summary>No signature matches a secret of the integration. Answer 403.</summary>
    BadSignature,

    /// <summary>There is no such integration. Answer 404.</summary>
    UnknownIntegration,

    /// <summary>The body is larger than <see cref="WebhookReceiver.MaxBodyBytes"/>. Answer 413.</summary>
    TooLarge,
}
