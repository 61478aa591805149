using System.Net;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.WebConsole;

/// <summary>
/// Stands before everything of the console. A browser may be led here by a stranger's page, on this machine too: a name that the stranger
/// has made to point here (DNS rebinding) is told by the Host header, a request of the stranger's page by what browsers say of its origin.
/// </summary>
internal sealed class ConsoleDoor(SidecarOptions options)
{
    /// <summary>Lets in who came by the front, and says to the browser what the page may do: nothing beyond its own origin.</summary>
    public RequestDelegate Guard(RequestDelegate next) => http =>
    {
        Restrict(http.Response.Headers);
        return ConnectionCallers.Of(http)?.Listener != "http" ? Refuse(http, StatusCodes.Status404NotFound, "the console is on the HTTP listener\n")
            : !IsKnown(http.Request.Host) ? Refuse(http, StatusCodes.Status403Forbidden, "The console is not served under this name. Open it by address or as localhost, or name the host in console_hosts.\n")
            : IsForeign(http.Request) ? Refuse(http, StatusCodes.Status403Forbidden, "This request comes from another site's page.\n")
            : next(http);
    };

    /// <summary>Whether a request's Host is an address, localhost, or a name that is configured. No stranger can make an address theirs.</summary>
    private bool IsKnown(HostString host) =>
        host.Host.Length > 0
        && (host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || IPAddress.TryParse(host.Host.Trim('[', ']'), out _)
            || options.ConsoleHosts.Contains(host.Host.ToLowerInvariant()));

    /// <summary>Whether a page of another origin makes the request. To follow a link to the console, or to type its address, is none of that.</summary>
    private static bool IsForeign(HttpRequest request)
    {
        var origin = request.Headers.Origin;
        if (origin.Count > 0 && !IsOwn(origin.ToString(), request.Host))
        {
            return true;
        }

        return request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none")
            && !(HttpMethods.IsGet(request.Method) && request.Headers["Sec-Fetch-Mode"] == "navigate" && request.Headers["Sec-Fetch-Dest"] == "document");
    }

    private static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var url)
        && url.Scheme is "http" or "https"
        && url.Host.Trim('[', ']').Equals(host.Host.Trim('[', ']'), StringComparison.OrdinalIgnoreCase)
        && url.Port == (host.Port ?? (url.Scheme == "https" ? 443 : 80));

    private static Task Refuse(HttpContext http, int status, string why)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(why, http.RequestAborted);
    }

    private static void Restrict(IHeaderDictionary headers)
    {
        // Trusted types that nobody may make: what would turn text into markup or code throws, in the browsers that know them.
        headers.ContentSecurityPolicy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            + "require-trusted-types-for 'script'; trusted-types 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Embedder-Policy"] = "require-corp";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";
    }
}
