using System.Diagnostics;
using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace Border0.PdSidecar.Telemetry.Tracing;

/// <summary>
/// Makes a span of each call that is sampled, by OpenTelemetry's RPC conventions (semantic conventions 1.39.0), as a child of what the
/// caller's traceparent header names. There is none unless traces are sent somewhere; ASP.NET Core's own spans cost every call and stay off.
/// </summary>
internal sealed class ServerSpans(TraceSampling sampling, CallMetrics metrics)
{
    /// <summary>The product's activities.</summary>
    public const string SourceName = "Border0.PdSidecar";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Stands around the methods of a service, before everything else.</summary>
    public void Guard(IEndpointConventionBuilder service)
    {
        metrics.DescribesSpans = true;
        service.Add(endpoint =>
        {
            if (endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault() is not { } grpc || endpoint.RequestDelegate is not { } next)
            {
                return;
            }

            var method = grpc.Method.FullName.TrimStart('/');
            endpoint.RequestDelegate = http => Begin(http, method) is { } span ? SpanAsync(http, span, next) : next(http);
        });
    }

    private Activity? Begin(HttpContext http, string method)
    {
        var header = http.Request.Headers.TraceParent;
        ActivityContext parent = default;
        var isContinued = header.Count == 1 && ActivityContext.TryParse(header[0], TraceStateOf(http), isRemote: true, out parent);
        if (!sampling.MayRecord(parent, isContinued))
        {
            return null;
        }

        var span = Source.StartActivity(method, ActivityKind.Server, parent);
        if (span is not null && !isContinued)
        {
            // The decision log, which says which trace a decision belongs to, reads it there.
            http.Request.Headers.TraceParent = span.Id;
        }

        return span;
    }

    private static string? TraceStateOf(HttpContext http) => http.Request.Headers.TraceState is [{ Length: <= 512 } state] ? state : null;

    private static async Task SpanAsync(HttpContext http, Activity span, RequestDelegate next)
    {
        using (span)
        {
            var status = StatusCode.Unknown;
            try
            {
                await next(http);
                status = CallMeter.StatusOf(http);
            }
            finally
            {
                Describe(span, http, status);
            }
        }
    }

    private static void Describe(Activity span, HttpContext http, StatusCode status)
    {
        var name = StatusNames.Of(status);
        span.SetTag("rpc.system.name", "grpc");
        span.SetTag("rpc.method", span.OperationName);
        span.SetTag("rpc.response.status_code", name);
        if (http.Connection.LocalIpAddress is { } address)
        {
            span.SetTag("network.transport", "tcp");
            span.SetTag("server.address", address.ToString());
            span.SetTag("server.port", http.Connection.LocalPort);
        }
        else
        {
            span.SetTag("network.transport", "unix");
            span.SetTag("server.address", "localhost");
        }

        // By the conventions these are the server's errors; the others are the caller's.
        if (status is StatusCode.Unknown or StatusCode.DeadlineExceeded or StatusCode.Unimplemented or StatusCode.Internal or StatusCode.Unavailable or StatusCode.DataLoss)
        {
            span.SetTag("error.type", name);
            span.SetStatus(ActivityStatusCode.Error);
        }
    }
}
