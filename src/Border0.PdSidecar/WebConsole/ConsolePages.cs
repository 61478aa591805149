using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;

namespace Border0.PdSidecar.WebConsole;

/// <summary>
/// The console's pages, which are part of the binary. Nothing of them is kept in memory: a file is read, hashed and compressed when it is
/// asked for, and a browser that has it already asks only whether it is still the same.
/// </summary>
internal static class ConsolePages
{
    private const string Folder = "console";

    /// <summary>Answers with a page.</summary>
    public static async Task AnswerAsync(HttpContext http)
    {
        var (request, response) = (http.Request, http.Response);
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        if (!request.Path.HasValue)
        {
            response.Redirect(request.PathBase + "/", permanent: true, preserveMethod: true);
            return;
        }

        var path = request.Path == "/" ? "/index.html" : request.Path.Value!;
        await using var file = TypeOf(path) is null ? null : typeof(ConsolePages).Assembly.GetManifestResourceStream(Folder + path);
        if (file is null)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var length = (int)file.Length;
        var content = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await file.ReadExactlyAsync(content.AsMemory(0, length), http.RequestAborted);
            await WriteAsync(http, content.AsMemory(0, length), TypeOf(path)!);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(content);
        }
    }

    private static async Task WriteAsync(HttpContext http, ReadOnlyMemory<byte> content, string type)
    {
        var (request, response) = (http.Request, http.Response);
        var tag = $"W/\"{Convert.ToHexStringLower(SHA256.HashData(content.Span).AsSpan(0, 12))}\"";
        response.Headers.ETag = tag;
        response.Headers.CacheControl = "no-cache";
        response.Headers.Vary = "Accept-Encoding";
        if (request.Headers.IfNoneMatch.ToString().Split(',', StringSplitOptions.TrimEntries).Contains(tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = type;
        if (HttpMethods.IsHead(request.Method))
        {
            return;
        }

        if (!request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
        {
            response.ContentLength = content.Length;
            await response.Body.WriteAsync(content, http.RequestAborted);
            return;
        }

        response.Headers.ContentEncoding = "gzip";
        await using var packed = new GZipStream(response.Body, CompressionLevel.Optimal, leaveOpen: true);
        await packed.WriteAsync(content, http.RequestAborted);
    }

    private static string? TypeOf(string path) => Path.GetExtension(path) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => null,
    };
}
