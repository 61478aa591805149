using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Border0.PdSidecar.Hosting.Systemd;

/// <summary>
/// What the service manager is told, where it asked to be (sd_notify(3): NOTIFY_SOCKET): that the sidecar is ready, that it stops, and, for
/// its watchdog (WATCHDOG_USEC), that its threads still run. Costs nothing where nobody asked.
/// </summary>
internal sealed class ServiceManager : IDisposable
{
    private readonly UnixDomainSocketEndPoint? _listener;
    private readonly TimeSpan _watchdog;
    private readonly TimeProvider _time;
    private ITimer? _signs;

    private ServiceManager(UnixDomainSocketEndPoint? listener, TimeSpan watchdog, TimeProvider time) => (_listener, _watchdog, _time) = (listener, watchdog, time);

    /// <summary>Whoever started this process.</summary>
    public static ServiceManager Of(Func<string, string?> environment, TimeProvider time)
    {
        // An abstract address is written with "@" in front; .NET takes a NUL there, as the kernel does.
        var listener = environment("NOTIFY_SOCKET") is ['/' or '@', _, ..] path && Encoding.UTF8.GetByteCount(path) <= 107
            ? new UnixDomainSocketEndPoint(path[0] == '@' ? '\0' + path[1..] : path)
            : null;
        var isMeant = environment("WATCHDOG_PID") is not { } pid || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        var watchdog = isMeant && long.TryParse(environment("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)
            && microseconds is > 0 and < 1L << 40 ? TimeSpan.FromMicroseconds(microseconds) : default;
        return new ServiceManager(listener, watchdog, time);
    }

    /// <summary>Decisions are answered from now on.</summary>
    /// <param name="status">A line that `systemctl status` shows.</param>
    public void Ready(string status)
    {
        Tell($"READY=1\nSTATUS={status}");
        if (_listener is not null && _watchdog > TimeSpan.Zero)
        {
            // Twice within its patience, from the thread pool: a process whose pool stands still gives no sign.
            _signs = _time.CreateTimer(static manager => ((ServiceManager)manager!).Tell("WATCHDOG=1"), this, TimeSpan.Zero, _watchdog / 2);
        }
    }

    /// <summary>The process was asked to stop, and does.</summary>
    public void Stopping() => Tell("STOPPING=1\nSTATUS=Stopping");

    /// <summary>Gives no further sign of life.</summary>
    public void Dispose() => _signs?.Dispose();

    private void Tell(string what)
    {
        if (_listener is null)
        {
            return;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.UTF8.GetBytes(what), _listener);
        }
        catch (SocketException)
        {
            // A manager that does not listen is no reason not to decide.
        }
    }
}
