using System.Globalization;
using System.Net;
using Border0.PdSidecar.Echo;
using Border0.PdSidecar.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

if (args is not ["--data", var data])
{
    await Console.Error.WriteLineAsync("usage: pdsidecar-echo --data DIR\nListens on DIR/echo.sock and on free loopback ports, and writes them to DIR/endpoints.json.");
    return 2;
}

Directory.CreateDirectory(data);
var socket = Path.GetFullPath(Path.Combine(data, "echo.sock"));
File.Delete(socket);
var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = Path.GetFullPath(data) });
builder.Configuration.Sources.Clear();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel =>
{
    KestrelSettings.Apply(kestrel);
    kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2);
    kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
    kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
});
builder.Services.AddGrpc();
builder.Services.AddSingleton<Shapes>().AddSingleton<Bursts>().AddSingleton<EchoRpc>();
var app = builder.Build();
app.MapGrpcService<EchoRpc>();

// As if a webhook had come that ends so many sessions on each watch.
app.MapPost("/burst/{messages:int}", (int messages) => app.Services.GetRequiredService<Bursts>().Send(messages));
app.MapPost("/shape/{message}", (string message, HttpContext context) => app.Services.GetRequiredService<Shapes>().TakeAsync(message, context));
app.MapGet("/metrics", () => string.Create(
    CultureInfo.InvariantCulture, $"dotnet_gc_heap_total_allocated_bytes_total {GC.GetTotalAllocatedBytes()}\n"));
await app.StartAsync();
var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
    .Where(a => !a.Contains("unix:", StringComparison.Ordinal)).Select(a => new Uri(a).Authority).ToList();
new Endpoints(socket, bound[0], bound[1]).Write(Path.Combine(data, "endpoints.json"));
await app.WaitForShutdownAsync();
return 0;
