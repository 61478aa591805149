using System.Globalization;
using System.Text;
using Grpc.Core;

namespace Border0.PdSidecar.Access;

/// <summary>Answers a gRPC call with an error before gRPC itself has seen it: headers that are trailers at once, and no body.</summary>
internal static class Refusal
{
    public static Task WriteAsync(HttpContext http, RpcException error)
    {
        var response = http.Response;
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = ((int)error.StatusCode).ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = Encode(error.Status.Detail);
        foreach (var entry in error.Trailers)
        {
            response.Headers[entry.Key] = entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes).TrimEnd('=') : Encode(entry.Value);
        }

        return Task.CompletedTask;
    }

    /// <summary>What is not printable ASCII, and the percent sign, as %XX of its UTF-8 (gRPC over HTTP/2, "Status-Message").</summary>
    internal static string Encode(string text)
    {
        if (text.All(c => c is >= ' ' and <= '~' and not '%'))
        {
            return text;
        }

        var encoded = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            _ = b is >= (byte)' ' and <= (byte)'~' and not (byte)'%' ? encoded.Append((char)b) : encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }
}
