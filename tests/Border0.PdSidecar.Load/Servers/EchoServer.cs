using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Google.Protobuf;

namespace Border0.PdSidecar.Load.Servers;

/// <summary>The bare gRPC server, as a process.</summary>
internal sealed class EchoServer : Server
{
    private readonly TemporaryFolder _folder;
    private readonly ProgramRun _run;
    private readonly HttpClient _http;

    private EchoServer(TemporaryFolder folder, ProgramRun run, JsonElement endpoints)
    {
        (_folder, _run) = (folder, run);
        Tcp = IPEndPoint.Parse(endpoints.GetProperty("grpc_tcp").GetString()!);
        Unix = new UnixDomainSocketEndPoint(endpoints.GetProperty("grpc_socket").GetString()!);
        _http = new HttpClient { BaseAddress = new Uri("http://" + endpoints.GetProperty("http").GetString()) };
    }

    public static string Binary => Environment.GetEnvironmentVariable("PDSIDECAR_ECHO") is { Length: > 0 } given
        ? given
        : Path.Combine(BuildFacts.RepositoryRoot, "artifacts", "publish", "echo", "pdsidecar-echo");

    public override string Name => Echo;

    public override int ProcessId => _run.Id;

    public override EndPoint Tcp { get; }

    public override EndPoint Unix { get; }

    protected override Uri Metrics => new(_http.BaseAddress!, "/metrics");

    public static async Task<EchoServer> StartAsync()
    {
        var folder = new TemporaryFolder();
        var run = ProgramRun.Start(Binary, ["--data", folder.Path("data")]);
        var endpoints = Path.Combine(folder.Path("data"), "endpoints.json");
        var text = await Eventually.SeesAsync(
            () => run.HasExited ? throw new InvalidOperationException($"the echo ended at start\n{run.Errors}") : File.Exists(endpoints) ? File.ReadAllText(endpoints) : null,
            "the echo's endpoints.json");
        return new EchoServer(folder, run, JsonDocument.Parse(text).RootElement);
    }

    /// <summary>Makes it answer with the very bytes of a sidecar's message: "answer" or "event".</summary>
    public async Task ShapeAsync(string which, IMessage message)
    {
        using var body = new ByteArrayContent(message.ToByteArray());
        using var answer = await _http.PostAsync(new Uri($"/shape/{which}", UriKind.Relative), body);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Makes it send so many events on every watch.</summary>
    public async Task BurstAsync(int events)
    {
        using var answer = await _http.PostAsync(new Uri($"/burst/{events}", UriKind.Relative), null);
        answer.EnsureSuccessStatusCode();
    }

    public override async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _run.DisposeAsync();
        _folder.Dispose();
    }
}
