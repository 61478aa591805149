using System.Globalization;
using Border0.PdSidecar.V1;
using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace Border0.PdSidecar.Telemetry;

/// <summary>Stands around every method of a service, and tells how long each call took and how it ended.</summary>
internal sealed class CallMeter(CallMetrics metrics, TimeProvider time)
{
    /// <summary>The method that measures itself: what waits here for the end of a call would cost each of them.</summary>
    private static readonly string EvaluateName = $"{EvaluationService.Descriptor.FullName}/Evaluate";

    private readonly CallMetrics.Method _evaluate = metrics.Of(EvaluateName);

    /// <summary>Stands around the methods of a service.</summary>
    public void Guard(IEndpointConventionBuilder service) => service.Add(endpoint =>
    {
        if (endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault() is not { } grpc || endpoint.RequestDelegate is not { } next)
        {
            return;
        }

        var method = grpc.Method.FullName.TrimStart('/');
        if (method != EvaluateName)
        {
            var calls = metrics.Of(method);
            endpoint.RequestDelegate = http => MeasureAsync(http, calls, next);
        }
    });

    /// <summary>An Evaluate is over.</summary>
    /// <param name="status">How.</param>
    /// <param name="started">The clock's timestamp when it began.</param>
    public void Evaluated(StatusCode status, long started) => _evaluate.Called(status, time.GetTimestamp() - started);

    /// <summary>A call was refused before it came to its method, by what stands inside of <see cref="Guard"/>.</summary>
    public void Refused(IMethod method, StatusCode status)
    {
        // The others are measured when they have been answered.
        if (method.FullName.TrimStart('/') == EvaluateName)
        {
            _evaluate.Called(status, 0);
        }
    }

    /// <summary>How an answered call ended, which is in the headers where there is nothing else to say. A caller who has gone gets none.</summary>
    public static StatusCode StatusOf(HttpContext http)
    {
        var text = http.Response.Headers["grpc-status"];
        if (text.Count == 0 && http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseTrailersFeature>()?.Trailers is { } trailers)
        {
            text = trailers["grpc-status"];
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? (StatusCode)code : StatusCode.Cancelled;
    }

    private async Task MeasureAsync(HttpContext http, CallMetrics.Method method, RequestDelegate next)
    {
        var started = time.GetTimestamp();
        var status = StatusCode.Unknown;
        try
        {
            await next(http);
            status = StatusOf(http);
        }
        finally
        {
            method.Called(status, time.GetTimestamp() - started);
        }
    }
}
