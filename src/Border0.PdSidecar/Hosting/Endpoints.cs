using System.Text.Json;
using System.Text.Json.Serialization;

namespace Border0.PdSidecar.Hosting;

/// <summary>Where the sidecar really listens, as it writes it to DIR/endpoints.json once it is ready.</summary>
/// <param name="GrpcSocket">Path of the Unix domain socket.</param>
/// <param name="GrpcTcp">Host and port of gRPC over TCP.</param>
/// <param name="Http">Host and port of webhooks, metrics and health.</param>
public sealed record Endpoints(string GrpcSocket, string GrpcTcp, string Http)
{
    /// <summary>Writes the file so that it is whole or not there.</summary>
    public void Write(string path)
    {
        File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(this, EndpointsJson.Default.Endpoints));
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Reads the file; null when there is none that can be read.</summary>
    public static Endpoints? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), EndpointsJson.Default.Endpoints);
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(Endpoints))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class EndpointsJson : JsonSerializerContext;
