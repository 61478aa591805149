using Border0.PdSidecar.Client;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Hosting;
using Border0.PdSidecar.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Proofs.Tests;

/// <summary>The whole sidecar in this process, going by a clock that the proof moves; reached over gRPC like any other.</summary>
internal sealed class HostInProcess : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly SidecarHost _host;
    private readonly GrpcChannel _channel;
    private readonly SidecarConnection _administration;

    private HostInProcess(TemporaryFolder folder, SidecarHost host)
    {
        (_folder, _host) = (folder, host);
        _channel = GrpcChannel.ForAddress("http://" + host.Endpoints.GrpcTcp);
        _administration = SidecarConnection.ToUnixSocket(host.Endpoints.GrpcSocket);
    }

    public Uri Http => new("http://" + _host.Endpoints.Http);

    public IntegrationService.IntegrationServiceClient Integrations => new(_administration.Channel);

    public PolicyService.PolicyServiceClient Policies => new(_administration.Channel);

    public EvaluationService.EvaluationServiceClient Evaluation => new(_channel);

    public static async Task<HostInProcess> StartAsync(
        TimeProvider time, Uri pagerDuty, LogLevel level = LogLevel.Critical, Func<SidecarOptions, SidecarOptions>? change = null)
    {
        var folder = new TemporaryFolder();
        var options = new SidecarOptions
        {
            Data = folder.Path("data"),
            GrpcTcp = new ListenAddress("127.0.0.1", 0),
            Http = new ListenAddress("127.0.0.1", 0),
            LogLevel = level,
            PagerDutyBaseUrl = pagerDuty,
        };
        return new HostInProcess(folder, await SidecarHost.StartAsync(change?.Invoke(options) ?? options, time, CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        _administration.Dispose();
        await _host.DisposeAsync();
        _folder.Dispose();
    }
}
