using System.Net;
using Border0.PdSidecar.PagerDuty.Budget;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>One answer as it came.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The whole body; null when it is longer than the bound.</param>
/// <param name="SentAt">The instant before the request was sent.</param>
/// <param name="Rate">What it says of the rate limit.</param>
internal sealed record HttpAnswer(HttpStatusCode Status, byte[]? Body, DateTimeOffset SentAt, RateHeaders Rate)
{
    /// <summary>Worth another attempt: 408 and 5xx (PagerDuty's "Errors").</summary>
    public bool IsTransient => Status == HttpStatusCode.RequestTimeout || (int)Status >= 500;
}
