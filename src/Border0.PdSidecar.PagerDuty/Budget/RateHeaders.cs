using System.Globalization;
using System.Net;

namespace Border0.PdSidecar.PagerDuty.Budget;

/// <summary>What an answer says of the key's rate limit.</summary>
/// <param name="Limit">Requests per window; null when not stated.</param>
/// <param name="Remaining">Requests left in the window.</param>
/// <param name="Reset">Time until the window ends, from 1 s to 1 h.</param>
/// <param name="Throttled">The answer was 429, which PagerDuty may send without any of the headers.</param>
internal sealed record RateHeaders(int? Limit, int? Remaining, TimeSpan? Reset, bool Throttled)
{
    public static RateHeaders Of(HttpResponseMessage response) => new(
        Number(response, "ratelimit-limit") is > 0 and var limit ? limit : null,
        Number(response, "ratelimit-remaining"),
        Number(response, "ratelimit-reset") is { } reset ? TimeSpan.FromSeconds(Math.Clamp(reset, 1, 3600)) : null,
        response.StatusCode == HttpStatusCode.TooManyRequests);

    private static int? Number(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values)
        && int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
