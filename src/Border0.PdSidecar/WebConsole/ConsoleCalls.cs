using Border0.PdSidecar.Access;
using Grpc.Core;

namespace Border0.PdSidecar.WebConsole;

/// <summary>
/// Stands before the contract's methods where the console calls them. A browser is nobody without a token, whatever loopback may do: any
/// page that it shows could call. What those who look and administer may not call is not there.
/// </summary>
internal static class ConsoleCalls
{
    private const string ContentType = "application/grpc-web";

    /// <summary>Lets calls with a token through to the gatekeeper.</summary>
    public static RequestDelegate Guard(RequestDelegate next) => http =>
    {
        var request = http.Request;
        if (!HttpMethods.IsPost(request.Method) || (MethodRoles.Of(request.Path.Value ?? "").AnyOf & (Roles.Viewer | Roles.Admin)) == 0)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        // No form and no other page can send such a type without asking first.
        if (request.ContentType?.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) != true)
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return Task.CompletedTask;
        }

        http.Response.Headers.CacheControl = "no-store";
        return request.Headers.Authorization.Count == 0 ? RefuseAsync(http, AccessErrors.CredentialsRequired()) : next(http);
    };

    private static async Task RefuseAsync(HttpContext http, RpcException error)
    {
        await Refusal.WriteAsync(http, error);
        http.Response.ContentType = ContentType + "+proto";
    }
}
