using System.Reflection;
using System.Text.Json.Serialization;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.WebConsole;

/// <summary>GET /console/session: whose token it is, so that the page shows what its owner may do. What they may do is decided elsewhere.</summary>
internal sealed class ConsoleSession(SidecarOptions options, TimeProvider time)
{
    private static readonly string Version =
        typeof(ConsoleSession).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    /// <summary>Answers with who it is, or with why it is nobody.</summary>
    public Task AnswerAsync(HttpContext http)
    {
        if (!HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return Task.CompletedTask;
        }

        http.Response.Headers.CacheControl = "no-store";
        var resolved = http.Request.Headers.Authorization.Count == 0 ? default : ConnectionCallers.Of(http)?.Resolve(http.Request.Headers.Authorization) ?? default;
        if (resolved.Caller is not { } caller)
        {
            return Write(http, StatusCodes.Status401Unauthorized, new SignedIn { Message = resolved.Wrong ?? "a token is needed" });
        }

        if ((caller.Roles & (Roles.Viewer | Roles.Admin)) == 0)
        {
            return Write(http, StatusCodes.Status403Forbidden, new SignedIn { Message = $"{caller.Description} has {RoleNames.Said(caller.Roles)}; the console needs viewer or admin" });
        }

        return Write(http, StatusCodes.Status200OK, new SignedIn
        {
            Name = caller.Name.Length > 0 ? caller.Name : caller.Description,
            Roles = RoleNames.Of(caller.Roles),
            Organization = options.DefaultOrganization,
            Version = Version,
            Time = time.GetUtcNow(),
        });
    }

    private static Task Write(HttpContext http, int status, SignedIn answer)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(answer, ConsoleJson.Default.SignedIn, cancellationToken: http.RequestAborted);
    }
}

/// <summary>Who is signed in; or only a message that says why nobody is.</summary>
internal sealed record SignedIn
{
    /// <summary>The token's name.</summary>
    public string? Name { get; init; }

    /// <summary>Its roles.</summary>
    public string[]? Roles { get; init; }

    /// <summary>The organization of calls that name none.</summary>
    public string? Organization { get; init; }

    /// <summary>The sidecar's version.</summary>
    public string? Version { get; init; }

    /// <summary>The sidecar's clock, which the ages that the page shows go by.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Why it is nobody.</summary>
    public string? Message { get; init; }
}

[JsonSerializable(typeof(SignedIn))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class ConsoleJson : JsonSerializerContext;
