using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Telemetry.Tracing;

namespace Border0.PdSidecar.Telemetry.Otlp;

/// <summary>What sends traces and metrics to a collector: only put into a host that is told of one.</summary>
internal static class OtlpServices
{
    public static IServiceCollection AddOtlp(this IServiceCollection services, OtlpOptions options)
    {
        if (options.Traces)
        {
            services.AddSingleton(_ => new TraceSampling(options.TraceSampling)).AddSingleton<ServerSpans>();
        }

        return services.AddSingleton<OtlpExporter>().AddHostedService(s => s.GetRequiredService<OtlpExporter>());
    }
}
