using Border0.PdSidecar.V1;
using Grpc.Health.V1;

namespace Border0.PdSidecar.EndToEnd.Tests.Systemd;

/// <summary>The Unix socket comes from a service manager.</summary>
public class SocketActivationTests
{
    [Fact]
    public async Task PassedSocket_IsServed_WithWhomTheKernelNames_AndOutlivesTheSidecar()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = ActivatedSidecar.Start(folder);
        var endpoints = await sidecar.ReadyAsync();
        Assert.Equal(sidecar.Socket, endpoints.GetProperty("grpc_socket").GetString());
        Assert.StartsWith("127.0.0.1:", endpoints.GetProperty("grpc_tcp").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("127.0.0.1:", endpoints.GetProperty("http").GetString(), StringComparison.Ordinal);

        // Only an administrator may: the kernel says that the caller is the sidecar's own user.
        var channel = sidecar.Channel();
        await new PolicyService.PolicyServiceClient(channel).CreatePolicyAsync(new CreatePolicyRequest { Policy = new Policy { Name = "p", OrgWide = true } });
        await new EvaluationService.EvaluationServiceClient(channel).ListSessionsAsync(new ListSessionsRequest());
        Assert.Equal(
            HealthCheckResponse.Types.ServingStatus.Serving, (await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest())).Status);
        await using var health = ProgramRun.Start(BuildFacts.SidecarBinary, ["health", "--data", folder.Path("data")]);
        Assert.Equal(0, await health.ExitAsync(TimeSpan.FromSeconds(30)));

        // It is the manager's, with the manager's mode.
        Assert.Equal((UnixFileMode)0x1B0, File.GetUnixFileMode(sidecar.Socket));
        sidecar.Run.Terminate();
        Assert.Equal(0, await sidecar.Run.ExitAsync(TimeSpan.FromSeconds(30)));
        Assert.True(File.Exists(sidecar.Socket));
        Assert.False(File.Exists(sidecar.Endpoints));
    }

    [Fact]
    public async Task FirstCaller_IsAnswered_WhenSystemdStartsTheSidecarForIt()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = ActivatedSidecar.StartBySystemd(folder);
        await Eventually.SeesAsync(() => File.Exists(sidecar.Socket) ? sidecar.Socket : null, "the socket");

        // Nobody runs yet: the connection waits in the socket until the sidecar takes it.
        var answer = await new Health.HealthClient(sidecar.Channel()).CheckAsync(new HealthCheckRequest(), deadline: DateTime.UtcNow.AddMinutes(1));

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
        Assert.Equal(sidecar.Socket, (await sidecar.ReadyAsync()).GetProperty("grpc_socket").GetString());
    }

    [Theory]
    [InlineData(2, "stream", true, "2 sockets were passed")]
    [InlineData(1, "stream", false, "not a listening Unix stream socket")]
    [InlineData(1, "datagram", false, "not a listening Unix stream socket")]
    public async Task WhatIsPassed_AndIsNotThatSocket_StopsTheStart(int sockets, string kind, bool listens, string why)
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = ActivatedSidecar.Start(folder, sockets, kind, listens);

        Assert.Equal(2, await sidecar.Run.ExitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("LISTEN_FDS", sidecar.Run.Errors, StringComparison.Ordinal);
        Assert.Contains(why, sidecar.Run.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Path("data")));
    }

    [Fact]
    public async Task WhatContradictsThePassedSocket_StopsTheStart_ByName()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = ActivatedSidecar.Start(
            folder, more: ["--grpc-socket", folder.Path("other.sock"), "--grpc-socket-mode", "0660", "--grpc-socket-group", "0"]);

        Assert.Equal(2, await sidecar.Run.ExitAsync(TimeSpan.FromSeconds(30)));
        foreach (var key in (string[])["grpc_socket: ", "grpc_socket_mode: ", "grpc_socket_group: "])
        {
            Assert.Contains("pdsidecar: " + key, sidecar.Run.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task SocketsOfAnotherProcess_AreNotTaken()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder, environment: new Dictionary<string, string> { ["LISTEN_PID"] = "1", ["LISTEN_FDS"] = "1" });

        Assert.Equal(folder.Path("grpc.sock"), sidecar.GrpcSocket);
    }
}
