using System.Reflection;
using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.Telemetry.Otlp;

/// <summary>Who sends: the attributes of OpenTelemetry's resource.</summary>
/// <param name="Attributes">By the names of the semantic conventions.</param>
/// <param name="Version">The version that runs.</param>
internal sealed record OtlpResource(IReadOnlyList<KeyValuePair<string, string>> Attributes, string Version)
{
    public static OtlpResource Of(OtlpOptions options)
    {
        var version = typeof(OtlpResource).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        return new OtlpResource(
            [
                new("service.name", options.ServiceName),
                new("service.instance.id", options.ServiceInstance.Length > 0 ? options.ServiceInstance : Environment.MachineName),
                new("service.version", version),
                new("host.name", Environment.MachineName),
            ],
            version);
    }
}
