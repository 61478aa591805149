using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Border0.PdSidecar.Commands;

/// <summary>JSON for scripts, of what is no message of the contract.</summary>
internal static class JsonText
{
    /// <summary>One object over several lines.</summary>
    public static string Of(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
