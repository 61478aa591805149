using System.Net.Sockets;
using System.Text.Json;
using Grpc.Net.Client;

namespace Border0.PdSidecar.EndToEnd.Tests.Systemd;

/// <summary>`pdsidecar serve` on a socket that another program has made and passes on, as a service manager does.</summary>
internal sealed class ActivatedSidecar : IAsyncDisposable
{
    /// <summary>
    /// Does what a service manager does: makes sockets, and becomes the sidecar with them as descriptors 3 and up. The arguments are how many, the
    /// kind (stream or datagram), whether they listen, their path, and the command.
    /// </summary>
    private const string Manager = """
        import os, socket, sys
        count, kind, listens, path, command = int(sys.argv[1]), sys.argv[2], sys.argv[3] == 'yes', sys.argv[4], sys.argv[5:]
        made = []
        for number in range(count):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == 'datagram' else socket.SOCK_STREAM)
            s.bind(path + ('' if number == 0 else str(number)))
            os.chmod(path, 0o660)
            if listens:
                s.listen(128)
            made.append(s)
        high = [os.dup2(s.fileno(), 100 + n) for n, s in enumerate(made)]
        for n, fd in enumerate(high):
            os.dup2(fd, 3 + n, inheritable=True)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(count), LISTEN_FDNAMES=':'.join(['grpc_socket'] * count))
        os.execv(command[0], command)
        """;

    private readonly TemporaryFolder _folder;
    private readonly List<GrpcChannel> _channels = [];

    private ActivatedSidecar(TemporaryFolder folder, ProgramRun run) => (_folder, Run) = (folder, run);

    public ProgramRun Run { get; }

    public string Socket => _folder.Path("passed.sock");

    public string Endpoints => Path.Combine(_folder.Path("data"), "endpoints.json");

    /// <summary>Starts it by the stand-in of a service manager above.</summary>
    public static ActivatedSidecar Start(
        TemporaryFolder folder, int sockets = 1, string kind = "stream", bool listens = true, IReadOnlyDictionary<string, string>? environment = null, params string[] more) =>
        new(folder, ProgramRun.Start(
            "/usr/bin/python3",
            ["-c", Manager, $"{sockets}", kind, listens ? "yes" : "no", folder.Path("passed.sock"), .. Serve(folder), .. more],
            environment: environment));

    /// <summary>Has systemd's own program listen, which starts it at the first connection.</summary>
    public static ActivatedSidecar StartBySystemd(TemporaryFolder folder) =>
        new(folder, ProgramRun.Start(
            "systemd-socket-activate",
            [$"--listen={folder.Path("passed.sock")}", "--fdname=grpc_socket", .. Environment.GetEnvironmentVariable("DOTNET_ROOT") is { } root ? [$"-EDOTNET_ROOT={root}"] : (string[])[], .. Serve(folder)]));

    /// <summary>Waits until it says that it is ready, and returns where it says that it listens.</summary>
    public async Task<JsonElement> ReadyAsync()
    {
        var text = await Eventually.SeesAsync(
            () => Run.HasExited ? throw new InvalidOperationException($"it ended\n{Run.Output}\n{Run.Errors}") : File.Exists(Endpoints) ? File.ReadAllText(Endpoints) : null,
            "endpoints.json",
            TimeSpan.FromMinutes(1));
        return JsonDocument.Parse(text).RootElement;
    }

    public GrpcChannel Channel()
    {
        var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            },
            DisposeHttpClient = true,
        });
        _channels.Add(channel);
        return channel;
    }

    public async ValueTask DisposeAsync()
    {
        _channels.ForEach(c => c.Dispose());
        await Run.DisposeAsync();
    }

    private static string[] Serve(TemporaryFolder folder) =>
        [BuildFacts.SidecarBinary, "serve", "--data", folder.Path("data"), "--grpc-tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"];
}
