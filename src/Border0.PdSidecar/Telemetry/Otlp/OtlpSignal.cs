namespace Border0.PdSidecar.Telemetry.Otlp;

/// <summary>What is sent.</summary>
/// <param name="Name">In metrics and logs.</param>
/// <param name="GrpcPath">The method of the collector.</param>
/// <param name="HttpPath">The path below the endpoint.</param>
internal sealed record OtlpSignal(string Name, string GrpcPath, string HttpPath)
{
    public static OtlpSignal Traces { get; } = new("traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export", "v1/traces");

    public static OtlpSignal Metrics { get; } = new("metrics", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "v1/metrics");
}
