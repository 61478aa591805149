using System.Collections.Concurrent;
using System.Net;
using Border0.PdSidecar.EndToEnd.Tests.Telemetry.Otlp;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.EndToEnd.Tests.Telemetry;

/// <summary>A small OpenTelemetry collector on loopback: gRPC by ASP.NET Core's own server, or HTTP. Keeps all that comes.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _refusals;

    private Collector(WebApplication app) => _app = app;

    public ConcurrentQueue<TraceRequest> Traces { get; } = new();

    public ConcurrentQueue<MetricsRequest> Metrics { get; } = new();

    /// <summary>The authorization header of each request.</summary>
    public ConcurrentQueue<string> Authorizations { get; } = new();

    public string Endpoint => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public IEnumerable<Span> Spans => Traces.SelectMany(t => t.ResourceSpans).SelectMany(r => r.ScopeSpans).SelectMany(s => s.Spans);

    /// <summary>Answers so many requests with UNAVAILABLE first.</summary>
    public void RefuseFirst(int requests) => _refusals = requests;

    public static async Task<Collector> StartAsync(bool isGrpc)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = isGrpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<TracesRpc>().AddSingleton<MetricsRpc>();
        Collector? collector = null;
        builder.Services.AddSingleton(_ => collector!);
        var app = builder.Build();
        collector = new Collector(app);
        app.MapGrpcService<TracesRpc>();
        app.MapGrpcService<MetricsRpc>();
        app.MapPost("/v1/traces", (HttpContext http) => collector.OverHttpAsync(http, TraceRequest.Parser, collector.Traces));
        app.MapPost("/v1/metrics", (HttpContext http) => collector.OverHttpAsync(http, MetricsRequest.Parser, collector.Metrics));
        await app.StartAsync();
        return collector;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task OverHttpAsync<T>(HttpContext http, MessageParser<T> parser, ConcurrentQueue<T> to)
        where T : IMessage<T>
    {
        Authorizations.Enqueue(http.Request.Headers.Authorization.ToString());
        if (http.Request.ContentType != "application/x-protobuf" || Interlocked.Decrement(ref _refusals) >= 0)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        to.Enqueue(parser.ParseFrom(body.ToArray()));
        http.Response.ContentType = "application/x-protobuf";
    }

    private ExportResponse Take<T>(T request, ServerCallContext context, ConcurrentQueue<T> to)
    {
        Authorizations.Enqueue(context.RequestHeaders.GetValue("authorization") ?? "");
        if (Interlocked.Decrement(ref _refusals) >= 0)
        {
            throw new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "not yet"));
        }

        to.Enqueue(request);
        return new ExportResponse();
    }

    private sealed class TracesRpc(Collector collector) : TraceService.TraceServiceBase
    {
        public override Task<ExportResponse> Export(TraceRequest request, ServerCallContext context) => Task.FromResult(collector.Take(request, context, collector.Traces));
    }

    private sealed class MetricsRpc(Collector collector) : MetricsService.MetricsServiceBase
    {
        public override Task<ExportResponse> Export(MetricsRequest request, ServerCallContext context) => Task.FromResult(collector.Take(request, context, collector.Metrics));
    }
}
