using System.Net.Sockets;
using System.Text;

namespace Border0.PdSidecar.EndToEnd.Tests.Systemd;

/// <summary>What a service manager hears of the sidecar.</summary>
public class ServiceManagerTests
{
    [Fact]
    public async Task Manager_HearsReady_ThenSignsOfLife_ThenStopping()
    {
        using var folder = new TemporaryFolder();
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(folder.Path("notify.sock")));
        await using var sidecar = await Sidecar.StartAsync(
            folder, environment: new Dictionary<string, string> { ["NOTIFY_SOCKET"] = folder.Path("notify.sock"), ["WATCHDOG_USEC"] = "100000" });

        var ready = await HearAsync(manager);
        Assert.StartsWith("READY=1\nSTATUS=", ready, StringComparison.Ordinal);
        Assert.Contains(sidecar.GrpcSocket, ready, StringComparison.Ordinal);
        Assert.Equal("WATCHDOG=1", await HearAsync(manager));
        Assert.Equal("WATCHDOG=1", await HearAsync(manager));

        sidecar.Run.Terminate();
        string heard;
        do
        {
            heard = await HearAsync(manager);
        }
        while (heard == "WATCHDOG=1");

        Assert.StartsWith("STOPPING=1", heard, StringComparison.Ordinal);
        Assert.Equal(0, await sidecar.Run.ExitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task AnAbstractAddress_IsFound_AndAWatchdogOfAnotherProcessGetsNoSigns()
    {
        using var folder = new TemporaryFolder();
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var name = $"pdsidecar-test-{Guid.NewGuid():N}";
        manager.Bind(new UnixDomainSocketEndPoint("\0" + name));
        await using var sidecar = await Sidecar.StartAsync(
            folder, environment: new Dictionary<string, string> { ["NOTIFY_SOCKET"] = "@" + name, ["WATCHDOG_USEC"] = "100000", ["WATCHDOG_PID"] = "1" });

        Assert.StartsWith("READY=1", await HearAsync(manager), StringComparison.Ordinal);
        sidecar.Run.Terminate();
        Assert.StartsWith("STOPPING=1", await HearAsync(manager), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AManagerThatIsGone_KeepsNothingFromStarting()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(
            folder, environment: new Dictionary<string, string> { ["NOTIFY_SOCKET"] = folder.Path("nobody.sock"), ["WATCHDOG_USEC"] = "100000" });

        sidecar.Run.Terminate();
        Assert.Equal(0, await sidecar.Run.ExitAsync(TimeSpan.FromSeconds(30)));
    }

    private static async Task<string> HearAsync(Socket manager)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var heard = new byte[1024];
        return Encoding.UTF8.GetString(heard, 0, await manager.ReceiveAsync(heard, SocketFlags.None, bound.Token));
    }
}
