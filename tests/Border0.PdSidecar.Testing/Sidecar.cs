using System.Net.Sockets;
using System.Text.Json;
using Border0.PdSidecar.V1;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace Border0.PdSidecar.Testing;

/// <summary>`pdsidecar serve` as a process, in a data directory of its own, and channels to it.</summary>
public sealed class Sidecar : IAsyncDisposable
{
    private readonly List<GrpcChannel> _channels = [];

    private Sidecar(ProgramRun run, string dataDirectory, JsonElement endpoints)
    {
        Run = run;
        DataDirectory = dataDirectory;
        GrpcSocket = endpoints.GetProperty("grpc_socket").GetString()!;
        GrpcTcp = endpoints.GetProperty("grpc_tcp").GetString()!;
        Http = new Uri("http://" + endpoints.GetProperty("http").GetString());
        Channel = OverTcp();
        Administration = OverUnixSocket();
    }

    public ProgramRun Run { get; }

    public string DataDirectory { get; }

    public string GrpcSocket { get; }

    public string GrpcTcp { get; }

    public Uri Http { get; }

    /// <summary>How connectors reach it here: loopback TCP, unless the Unix socket is chosen.</summary>
    public GrpcChannel Channel { get; private set; }

    /// <summary>How administrators reach it: the Unix socket, since loopback is never an administrator.</summary>
    public GrpcChannel Administration { get; }

    public IntegrationService.IntegrationServiceClient Integrations => new(Administration);

    public PolicyService.PolicyServiceClient Policies => new(Administration);

    public EvaluationService.EvaluationServiceClient Evaluation => new(Channel);

    /// <summary>For RevokeSession.</summary>
    public EvaluationService.EvaluationServiceClient Sessions => new(Administration);

    public Health.HealthClient Health => new(Channel);

    /// <summary>Starts it on free loopback ports and returns once it says that it is ready.</summary>
    public static async Task<Sidecar> StartAsync(
        TemporaryFolder folder, Uri? pagerDuty = null, IReadOnlyDictionary<string, string>? environment = null, params string[] more)
    {
        var data = folder.Path("data");
        var endpoints = Path.Combine(data, "endpoints.json");
        if (Directory.Exists(data))
        {
            // What a killed one left behind.
            File.Delete(endpoints);
        }

        List<string> arguments = ["serve", "--data", data, "--grpc-socket", folder.Path("grpc.sock"), "--http", "127.0.0.1:0"];
        if (!more.Contains("--grpc-tcp"))
        {
            arguments.AddRange(["--grpc-tcp", "127.0.0.1:0"]);
        }

        if (pagerDuty is not null)
        {
            arguments.AddRange(["--pagerduty-base-url", pagerDuty.ToString().TrimEnd('/')]);
        }

        arguments.AddRange(more);
        var run = ProgramRun.Start(BuildFacts.SidecarBinary, arguments, environment: environment);
        try
        {
            var text = await Eventually.SeesAsync(
                () => run.HasExited
                    ? throw new InvalidOperationException($"the sidecar ended at start\n{run.Output}\n{run.Errors}")
                    : File.Exists(endpoints) ? File.ReadAllText(endpoints) : null,
                "endpoints.json");
            return new Sidecar(run, data, JsonDocument.Parse(text).RootElement);
        }
        catch (Exception e) when (e is TimeoutException or JsonException)
        {
            var said = $"{e.Message}\n{run.Output}\n{run.Errors}";
            await run.DisposeAsync();
            throw new InvalidOperationException(said, e);
        }
    }

    /// <summary>A channel over loopback TCP.</summary>
    public GrpcChannel OverTcp() => Keep(GrpcChannel.ForAddress("http://" + GrpcTcp));

    /// <summary>Connectors go through the Unix domain socket from now on.</summary>
    public void UseUnixSocket() => Channel = OverUnixSocket();

    /// <summary>A channel over the Unix domain socket.</summary>
    public GrpcChannel OverUnixSocket() => Keep(GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(GrpcSocket), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        },
        DisposeHttpClient = true,
    }));

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => Run.KillAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in _channels)
        {
            channel.Dispose();
        }

        await Run.DisposeAsync();
    }

    private GrpcChannel Keep(GrpcChannel channel)
    {
        _channels.Add(channel);
        return channel;
    }
}
