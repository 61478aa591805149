using System.Text;
using System.Text.Json;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>
/// What an error answer says. PagerDuty documents <c>{"error":{"message","code","errors"}}</c>; seen as well: <c>error</c>
/// as a string or a list, <c>errors</c> as a string or a map, no body, HTML.
/// </summary>
/// <param name="IsPagerDutys">False when the body is there but no JSON: something between here and PagerDuty answered.</param>
/// <param name="Code">PagerDuty's error code; 0 when none was given.</param>
/// <param name="Message">What was said, or empty.</param>
internal sealed record ErrorBody(bool IsPagerDutys, int Code, string Message)
{
    /// <summary>PagerDuty's code for "Not Found", whatever the HTTP status.</summary>
    public const int NotFoundCode = 2100;

    private const int MaxMessageLength = 300;

    /// <summary>So many characters of the key in a row are taken for a part of it; a hint shows four.</summary>
    private const int PartOfKey = 8;

    /// <summary>Reads an error answer.</summary>
    /// <param name="body">The answer.</param>
    /// <param name="apiKey">What the message must not repeat.</param>
    public static ErrorBody Parse(ReadOnlyMemory<byte> body, string apiKey)
    {
        if (body.Span.Trim(" \r\n\t"u8).IsEmpty)
        {
            return new ErrorBody(true, 0, "");
        }

        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return new ErrorBody(false, 0, "");
            }

            var text = new StringBuilder();
            var code = 0;
            if (document.RootElement.TryGetProperty("error", out var error))
            {
                code = Read(error, text);
            }
            else if (document.RootElement.TryGetProperty("message", out var message))
            {
                Collect(message, text);
            }

            return new ErrorBody(true, code, Shorten(WithoutKey(text.ToString(), apiKey)));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: text that is no valid UTF-8 or UTF-16 (a lone surrogate).
            return new ErrorBody(false, 0, "");
        }
    }

    private static int Read(JsonElement error, StringBuilder text)
    {
        if (error.ValueKind != JsonValueKind.Object)
        {
            Collect(error, text);
            return 0;
        }

        foreach (var part in (ReadOnlySpan<string>)["message", "errors"])
        {
            if (error.TryGetProperty(part, out var said))
            {
                Collect(said, text);
            }
        }

        return error.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.Number
            && code.TryGetInt32(out var number) ? number : 0;
    }

    private static void Collect(JsonElement said, StringBuilder text)
    {
        switch (said.ValueKind)
        {
            case JsonValueKind.String:
                text.Append(text.Length > 0 ? "; " : "").Append(said.GetString());
                break;
            case JsonValueKind.Array:
                foreach (var item in said.EnumerateArray())
                {
                    Collect(item, text);
                }

                break;
            case JsonValueKind.Object:
                foreach (var item in said.EnumerateObject())
                {
                    Collect(item.Value, text);
                }

                break;
        }
    }

    /// <summary>Before it is shortened, which could cut the key in two. A key that is written another way takes the message with it.</summary>
    private static string WithoutKey(string text, string apiKey)
    {
        text = text.Replace(apiKey, "…", StringComparison.Ordinal);
        for (var i = 0; i + PartOfKey <= apiKey.Length; i++)
        {
            if (text.AsSpan().Contains(apiKey.AsSpan(i, PartOfKey), StringComparison.OrdinalIgnoreCase))
            {
                return "(what was said repeats the API key, and is left out)";
            }
        }

        return text;
    }

    private static string Shorten(string text)
    {
        var kept = text.Length <= MaxMessageLength ? text : text[..MaxMessageLength] + "…";
        return string.Concat(kept.Select(c => char.IsControl(c) ? ' ' : c));
    }
}
