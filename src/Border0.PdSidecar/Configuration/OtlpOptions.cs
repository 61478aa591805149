namespace Border0.PdSidecar.Configuration;

/// <summary>Traces and metrics to an OpenTelemetry collector.</summary>
public sealed record OtlpOptions
{
    /// <summary>The collector: http or https. Null: nothing is sent.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>gRPC; else HTTP with protobuf bodies to /v1/traces and /v1/metrics below the endpoint.</summary>
    public bool IsGrpc { get; init; } = true;

    /// <summary>File of headers, one "name: value" a line, read for every request. Empty: none.</summary>
    public string HeadersFile { get; init; } = "";

    /// <summary>Whether traces are sent.</summary>
    public bool Traces { get; init; } = true;

    /// <summary>Whether metrics are sent.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>The share of traces that begin here and are recorded, from 0 to 1. One that a caller has begun is recorded when the caller records it.</summary>
    public double TraceSampling { get; init; } = 0.01;

    /// <summary>Time between two readings of the metrics.</summary>
    public TimeSpan MetricsInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a span waits for others to be sent with.</summary>
    public TimeSpan TracesDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>service.name of everything that is sent.</summary>
    public string ServiceName { get; init; } = "pdsidecar";

    /// <summary>service.instance.id. Empty: the machine's name.</summary>
    public string ServiceInstance { get; init; } = "";
}
