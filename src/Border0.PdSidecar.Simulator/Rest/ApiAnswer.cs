using System.Buffers;
using System.Text.Json;

namespace Border0.PdSidecar.Simulator.Rest;

/// <summary>What the API answers: a status and a JSON body, whole, so that faults can tamper with it.</summary>
internal sealed record ApiAnswer(int Status, byte[] Body)
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ApiAnswer Json(Action<Utf8JsonWriter> write, int status = 200)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return new ApiAnswer(status, buffer.WrittenSpan.ToArray());
    }

    /// <summary>PagerDuty's error body.</summary>
    public static ApiAnswer Error(int status, int code, string message, params string[] errors) => Json(
        json =>
        {
            json.WriteStartObject("error");
            json.WriteString("message", message);
            json.WriteNumber("code", code);
            if (errors.Length > 0)
            {
                json.WriteStartArray("errors");
                foreach (var error in errors)
                {
                    json.WriteStringValue(error);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        },
        status);

    public static ApiAnswer NotFound() => Error(404, 2100, "Not Found");

    public static ApiAnswer Invalid(params string[] errors) => Error(400, 2001, "Invalid Input Provided", errors);

    public static ApiAnswer Unauthorized() => Error(401, 2006, "Authentication failed");
}
