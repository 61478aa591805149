using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Hosting;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Tests.Hosting;

/// <summary>The whole sidecar in this process, on free ports and in a directory of its own.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;

    private RunningHost(DirectoryInfo folder, SidecarHost host)
    {
        (_folder, Host) = (folder, host);
        Channel = GrpcChannel.ForAddress("http://" + host.Endpoints.GrpcTcp);
    }

    public SidecarHost Host { get; }

    public GrpcChannel Channel { get; }

    public static async Task<RunningHost> StartAsync(CancellationToken cancellation, Uri? pagerDuty = null)
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
        return new RunningHost(folder, await SidecarHost.StartAsync(options, TimeProvider.System, cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await Host.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
