using Border0.PdSidecar.V1;
using Grpc.Core;
using Grpc.Health.V1;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>The process itself: start, stop, refusal to start.</summary>
public class ProcessTests
{
    [Fact]
    public async Task Serve_WhenReady_IsHealthyByEveryName()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder);

        foreach (var service in (string[])
            ["", "border0.pdsidecar.v1.EvaluationService", "border0.pdsidecar.v1.PolicyService", "border0.pdsidecar.v1.IntegrationService", "border0.pdsidecar.v1.ActivityService"])
        {
            var answer = await sidecar.Health.CheckAsync(new HealthCheckRequest { Service = service });
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
        }
    }

    [Fact]
    public async Task Serve_KeepsItsSocketAndDataToItself()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder);

        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(sidecar.GrpcSocket) & others);
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(sidecar.DataDirectory) & others);
        foreach (var file in Directory.GetFiles(sidecar.DataDirectory, "*", SearchOption.AllDirectories))
        {
            Assert.True((File.GetUnixFileMode(file) & others) == 0, file);
        }
    }

    [Fact]
    public async Task Serve_OnTerminate_EndsItsStreamsAndLeavesWithZero()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder);
        await using var watch = await Watching.StartAsync(sidecar.Evaluation, new WatchSessionsRequest { ConnectorId = "c1" });

        sidecar.Run.Terminate();

        var code = await sidecar.Run.ExitAsync();
        Assert.True(code == 0, $"exit code {code}\n{sidecar.Run.Output}\n{sidecar.Run.Errors}");
        var ended = await Assert.ThrowsAnyAsync<Exception>(() => watch.NextAsync());
        Assert.Equal(StatusCode.Unavailable, Assert.IsType<RpcException>(ended.InnerException ?? ended).StatusCode);
        Assert.False(File.Exists(Path.Combine(sidecar.DataDirectory, "endpoints.json")));
    }

    [Fact]
    public async Task Serve_OnADataDirectoryInUse_RefusesToStart()
    {
        using var folder = new TemporaryFolder();
        await using var first = await Sidecar.StartAsync(folder);

        await using var second = ProgramRun.Start(
            BuildFacts.SidecarBinary,
            ["serve", "--data", first.DataDirectory, "--grpc-socket", folder.Path("other.sock"), "--grpc-tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"]);

        Assert.NotEqual(0, await second.ExitAsync());
        Assert.Contains(first.DataDirectory, second.Errors + second.Output, StringComparison.Ordinal);
        Assert.Equal(
            HealthCheckResponse.Types.ServingStatus.Serving, (await first.Health.CheckAsync(new HealthCheckRequest())).Status);
    }

    [Fact]
    public async Task Serve_WithBadConfiguration_NamesEveryKeyAndStops()
    {
        using var folder = new TemporaryFolder();
        await using var run = ProgramRun.Start(
            BuildFacts.SidecarBinary,
            ["serve", "--data", folder.Path("data"), "--grpc-tcp", "nowhere"],
            environment: new Dictionary<string, string> { ["PDSIDECAR_MAX_STALENESS"] = "soon" });

        Assert.NotEqual(0, await run.ExitAsync());
        var said = run.Errors + run.Output;
        foreach (var part in (string[])["grpc_tcp", "nowhere", "max_staleness", "soon"])
        {
            Assert.Contains(part, said, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task Serve_OnAListenerBeyondLoopbackWithoutTls_RefusesToStart()
    {
        using var folder = new TemporaryFolder();
        await using var run = ProgramRun.Start(
            BuildFacts.SidecarBinary, ["serve", "--data", folder.Path("data"), "--grpc-tcp", "0.0.0.0:0"]);

        Assert.NotEqual(0, await run.ExitAsync());
        Assert.Contains("grpc_tcp", run.Errors + run.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Version_IsPrinted()
    {
        await using var run = ProgramRun.Start(BuildFacts.SidecarBinary, ["--version"]);

        Assert.Equal(0, await run.ExitAsync());
        Assert.Matches(@"^\d+\.\d+\.\d+", run.Output);
    }

    [Theory]
    [InlineData()]
    [InlineData("serve")]
    [InlineData("demo")]
    [InlineData("check")]
    [InlineData("simulator")]
    [InlineData("token", "create")]
    [InlineData("token", "list")]
    [InlineData("token", "revoke")]
    public async Task Help_ShowsUsage(params string[] command)
    {
        await using var run = ProgramRun.Start(BuildFacts.SidecarBinary, [.. command, "--help"]);

        Assert.Equal(0, await run.ExitAsync());
        Assert.Contains("Usage:", run.Output, StringComparison.Ordinal);
    }
}
