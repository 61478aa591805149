using System.Globalization;

namespace Border0.PdSidecar.Configuration;

/// <summary>What can be configured of <see cref="OtlpOptions"/>.</summary>
internal static class OtlpKeys
{
    public static IReadOnlyList<OptionKey> All { get; } =
    [
        Of("otlp_endpoint", "URL", "OpenTelemetry collector that traces and metrics are sent to: http or https (default: none, nothing is sent)", (o, t) => Endpoint(t) is { } u ? o with { Endpoint = u } : null),
        Of("otlp_protocol", "PROTOCOL", "grpc, or http for protobuf bodies to URL/v1/traces and URL/v1/metrics (default: grpc)", (o, t) => t is "grpc" or "http" ? o with { IsGrpc = t == "grpc" } : null),
        Of("otlp_headers_file", "FILE", "headers that the collector wants, one NAME: VALUE a line, read for every request; only with https or a collector on loopback", (o, t) => o with { HeadersFile = t }),
        Of("otlp_signals", "SIGNALS", "what is sent: traces, metrics or traces,metrics (default: traces,metrics)", (o, t) => Signals(t) is var (traces, metrics) ? o with { Traces = traces, Metrics = metrics } : null),
        Of("otlp_metrics_interval", "TIME", "time between two readings of the metrics (default: 60s)", (o, t) => Span(t, 1, 3600) is { } s ? o with { MetricsInterval = s } : null),
        Of("otlp_traces_delay", "TIME", "how long a span waits for others to be sent with (default: 5s)", (o, t) => Span(t, 0.1, 60) is { } s ? o with { TracesDelay = s } : null),
        Of("otlp_service_name", "NAME", "service.name of what is sent (default: pdsidecar)", (o, t) => IsName(t) ? o with { ServiceName = t } : null),
        Of("otlp_service_instance", "NAME", "service.instance.id of what is sent (default: the machine's name)", (o, t) => IsName(t) ? o with { ServiceInstance = t } : null),
        Of("trace_sampling", "0..1", "the share of traces that begin here and are recorded; one that a caller has begun is recorded when the caller records it (default: 0.01)", (o, t) => double.TryParse(t, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var d) && d is >= 0 and <= 1 ? o with { TraceSampling = d } : null),
    ];

    private static OptionKey Of(string name, string value, string description, Func<OtlpOptions, string, OtlpOptions?> put) =>
        new(name, value, description, (o, t) => put(o.Otlp, t) is { } otlp ? o with { Otlp = otlp } : null);

    private static Uri? Endpoint(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0 && url.Query.Length == 0 ? url : null;

    private static (bool Traces, bool Metrics)? Signals(string text) => text.Split(',', StringSplitOptions.TrimEntries) switch
    {
        ["traces"] => (true, false),
        ["metrics"] => (false, true),
        ["traces", "metrics"] or ["metrics", "traces"] => (true, true),
        _ => null,
    };

    private static TimeSpan? Span(string text, double least, double most) =>
        OptionKeys.TryReadSpan(text, out var span) && span.TotalSeconds >= least && span.TotalSeconds <= most ? span : null;

    private static bool IsName(string text) => text.Length is > 0 and <= 255 && text.All(c => c is >= ' ' and <= '~');
}
