using System.Net;
using System.Net.Sockets;
using Border0.PdSidecar.Load.Cerbos;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Load.Servers;

/// <summary>Cerbos' own binary, as a process, with a policy that asks for the same two facts. They come with the request.</summary>
internal sealed class CerbosServer : Server
{
    private readonly TemporaryFolder _folder = new();
    private readonly ProgramRun _run;

    private CerbosServer(string binary)
    {
        Tcp = FreePort();
        Unix = new UnixDomainSocketEndPoint(_folder.Path("grpc.sock"));
        File.WriteAllText(_folder.Path("config.yaml"), $"""
            server:
              httpListenAddr: "{FreePort()}"
              grpcListenAddr: "{Tcp}"
            storage:
              driver: disk
              disk:
                directory: {Path.Combine(BuildFacts.RepositoryRoot, "tests", "Border0.PdSidecar.Load", "cerbos", "policies")}
                watchForChanges: false
            telemetry:
              disabled: true
            """);
        _run = ProgramRun.Start(binary, ["server", "--log-level=error", "--config=" + _folder.Path("config.yaml")]);
    }

    public static string? Binary => Environment.GetEnvironmentVariable("PDSIDECAR_CERBOS") is { Length: > 0 } given ? given : null;

    public override string Name => Cerbos;

    public override int ProcessId => _run.Id;

    public override EndPoint Tcp { get; }

    public override EndPoint Unix { get; }

    public override string Method => "/cerbos.svc.v1.CerbosService/CheckResources";

    public override byte[] Request { get; } = new CheckResourcesRequest
    {
        RequestId = "r-1",
        Principal = new Principal { Id = Requests.User, Roles = { "user" }, Attr = { ["on_call"] = Value.ForBool(true) } },
        Resources =
        {
            new ResourceEntry
            {
                Actions = { "open" },
                Resource = new Resource { Kind = "session", Id = "bastion-1", Attr = { ["incident_open"] = Value.ForBool(true) } },
            },
        },
    }.ToByteArray();

    public override byte[] AnswerBegins { get; } = new CheckResourcesResponse { RequestId = "r-1" }.ToByteArray();

    protected override Uri? Metrics => null;

    /// <summary>Starts it and checks that it allows; null when PDSIDECAR_CERBOS names no binary.</summary>
    public static async Task<CerbosServer?> StartAsync()
    {
        if (Binary is not { } binary)
        {
            return null;
        }

        var server = new CerbosServer(binary);
        var answer = await Eventually.SeesAsync(() => server.Ask(), "an answer of Cerbos");
        var effects = CheckResourcesResponse.Parser.ParseFrom(answer).Results.Single().Actions;
        return effects["open"] == 1 ? server : throw new InvalidOperationException($"Cerbos does not allow: {effects}");
    }

    public override async ValueTask DisposeAsync()
    {
        await _run.DisposeAsync();
        _folder.Dispose();
    }

    private byte[]? Ask()
    {
        try
        {
            return _run.HasExited ? throw new InvalidOperationException($"Cerbos ended at start\n{_run.Output}\n{_run.Errors}") : Loads.OneCall.Ask(Tcp, Method, Request);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return null;
        }
    }

    private static IPEndPoint FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)socket.LocalEndPoint!).Port);
    }
}
