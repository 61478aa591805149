using Border0.PdSidecar.Client;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Hosting;
using Border0.PdSidecar.Storage.Tokens;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Tests.Hosting;

/// <summary>The whole sidecar in this process, on free ports and in a directory of its own.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly SidecarConnection _socket;

    private RunningHost(DirectoryInfo folder, SidecarHost host)
    {
        (_folder, Host) = (folder, host);
        _socket = SidecarConnection.ToUnixSocket(host.Endpoints.GrpcSocket);
        Tcp = GrpcChannel.ForAddress("http://" + host.Endpoints.GrpcTcp);
    }

    public SidecarHost Host { get; }

    /// <summary>Over the Unix socket, as an administrator.</summary>
    public GrpcChannel Channel => _socket.Channel;

    /// <summary>Over loopback TCP, without credentials.</summary>
    public GrpcChannel Tcp { get; }

    /// <summary>The token file of its data directory.</summary>
    public TokenFile Tokens => new(Path.Combine(_folder.FullName, "data"), TimeProvider.System);

    public static async Task<RunningHost> StartAsync(
        CancellationToken cancellation, Uri? pagerDuty = null, Func<SidecarOptions, SidecarOptions>? with = null, Func<TokenFile, Task>? tokens = null)
    {
        var folder = Directory.CreateTempSubdirectory("pdsidecar-tests-");
        var options = new SidecarOptions
        {
            Data = Path.Combine(folder.FullName, "data"),
            GrpcTcp = new ListenAddress("127.0.0.1", 0),
            Http = new ListenAddress("127.0.0.1", 0),
            LogLevel = LogLevel.Error,
            PagerDutyBaseUrl = pagerDuty,
        };
        if (tokens is not null)
        {
            await tokens(new TokenFile(options.Data, TimeProvider.System));
        }

        return new RunningHost(folder, await SidecarHost.StartAsync(with?.Invoke(options) ?? options, TimeProvider.System, cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        Tcp.Dispose();
        await Host.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
