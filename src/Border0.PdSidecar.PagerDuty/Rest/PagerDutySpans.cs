using System.Diagnostics;
using System.Net;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>
/// Spans of what is asked of PagerDuty, by OpenTelemetry's HTTP conventions (stable): one for each attempt, and one around each refresh. No key is in
/// them, nor what is asked for: queries are left out. Nothing is made unless somebody listens.
/// </summary>
internal static class PagerDutySpans
{
    private static readonly ActivitySource Source = new("Border0.PdSidecar");

    /// <summary>A request begins; null when it is not recorded.</summary>
    public static Activity? Begin(Uri baseUrl, string path)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var (template, bare) = (TemplateOf(path), path.Split('?')[0]);
        if (Source.StartActivity($"GET {template}", ActivityKind.Client) is not { } span)
        {
            return null;
        }

        span.SetTag("http.request.method", "GET");
        span.SetTag("url.full", new Uri(baseUrl, bare).AbsoluteUri);
        span.SetTag("url.template", template);
        span.SetTag("server.address", baseUrl.Host);
        span.SetTag("server.port", baseUrl.Port);
        return span;
    }

    /// <summary>PagerDuty answered.</summary>
    public static void Answered(Activity? span, HttpStatusCode status)
    {
        span?.SetTag("http.response.status_code", (int)status);
        if ((int)status >= 400)
        {
            span?.SetTag("error.type", ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture));
            span?.SetStatus(ActivityStatusCode.Error);
        }
    }

    /// <summary>It did not. Always false: for a filter, which looks and lets pass.</summary>
    public static bool Failed(Activity? span, Exception why)
    {
        span?.SetTag("error.type", why is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } http ? http.HttpRequestError.ToString() : why.GetType().FullName);
        span?.SetStatus(ActivityStatusCode.Error);
        return false;
    }

    /// <summary>A refresh begins; null when it is not recorded.</summary>
    public static Activity? BeginRefresh(string integration, string kind)
    {
        var span = Source.StartActivity($"refresh {kind}");
        span?.SetTag("pdsidecar.integration", integration);
        span?.SetTag("pdsidecar.kind", kind);
        return span;
    }

    /// <summary>The path without what differs from one request to the next: "/services/{id}".</summary>
    private static string TemplateOf(string path)
    {
        var parts = path.Split('?')[0].Split('/');
        return "/" + parts[0] + string.Concat(parts.Skip(1).Select(static _ => "/{id}"));
    }
}
